import TestSupport
import Testing
import Torch

/// Every non-empty choice among `count` things.
func choices(of count: Int) -> [[Int]] {
  (1..<(1 << count)).map { bits in (0..<count).filter { bits >> $0 & 1 == 1 } }
}

func expectSameBits(_ a: Tensor, _ b: Tensor, _ what: String) {
  #expect(a.scalars(of: Double.self) == b.scalars(of: Double.self), "\(what)")
  #expect(a.strides == b.strides, "order of memory: \(what)")
}

/// Of one size of rounding for the whole tensor: a sum may cancel.
func expectCloseToScale(_ a: Tensor, _ b: Tensor, _ what: String) {
  let scale = b.magnitude().max().item()
  expectClose(
    a, b, relative: 0, absolute: (b.dtype == .float64 ? 1e-12 : 1e-5) * max(scale, 1), what)
}
