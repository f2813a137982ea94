import Torch

/// Operations that do in one pass over the memory what the arithmetic operators do in two.
extension Tensor {
  private enum Op {
    static let add = known("add", "Tensor")
    static let lerp = known("lerp", "Scalar")
    static let addr = known("addr")
    static let addmv = known("addmv")

    static func known(_ name: String, _ overload: String = "") -> Operator {
      trapping { () throws(TorchError) in try Operator(name, overload) }
    }
  }

  private static func trapping<Result>(_ body: () throws(TorchError) -> Result) -> Result {
    do { return try body() } catch { error.trap() }
  }

  /// self + scale · other
  func adding(_ other: Tensor, scale: Double) -> Tensor {
    Self.trapping { () throws(TorchError) in try Op.add(self, other, scale) }
  }

  /// (1 − weight) · self + weight · other
  func interpolated(to other: Tensor, by weight: Double) -> Tensor {
    Self.trapping { () throws(TorchError) in try Op.lerp(self, other, weight) }
  }

  /// self − matrix · vector, self a vector
  func subtracting(_ matrix: Tensor, times vector: Tensor) -> Tensor {
    Self.trapping { () throws(TorchError) in try Op.addmv(self, matrix, vector, 1.0, -1.0) }
  }

  /// self − left · rightᵀ
  func subtractingOuter(_ left: Tensor, _ right: Tensor) -> Tensor {
    Self.trapping { () throws(TorchError) in try Op.addr(self, left, right, 1.0, -1.0) }
  }
}
