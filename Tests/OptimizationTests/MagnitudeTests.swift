import Testing
import Torch

@testable import Optimization

/// Sums of squares, largest elements and what is no number, of many tensors in one pass.
@Suite struct MagnitudeTests {
  static let counts = [1, 2, 7, 31, 32, 33, 1000, 65_535, 65_536, 65_537, 200_001]

  @Test func `squares and the largest element are those of float64, for every width of vectors`() {
    let tensors = Self.counts.map { Matrices.noise([$0], seed: UInt64($0)) * 3 }
    for lanes in FusedMatrixTests.lanes {
      for (tensor, found) in zip(tensors, Magnitude.all(of: tensors, lanes: lanes)) {
        let wide = tensor.converted(to: .float64)
        #expect(abs(found.squares / wide.dot(wide).item() - 1) < 1e-13)
        #expect(found.largest == wide.norm(.infinity).item())
      }
    }
  }

  @Test(arguments: [Double.nan, -.nan, .infinity, -.infinity])
  func `one element that is no number is found wherever it stands`(_ value: Double) {
    let kinds: [(DType, Bool)] = [
      (.float32, true), (.float32, false), (.float64, true), (.float16, true), (.bfloat16, true),
    ]
    for (dtype, isDense) in kinds {
      for count in [1, 33, 70] {
        for place in 0..<count {
          let whole = Tensor.ones([count, 2]).converted(to: dtype)
          let tensor =
            isDense ? whole.selecting(0, along: 1).copied() : whole.selecting(0, along: 1)
          tensor[place].copyInPlace(from: Tensor.full(value, shape: []).converted(to: dtype))
          for lanes in dtype == .float32 && isDense ? FusedMatrixTests.lanes : [0] {
            let found = Magnitude.all(of: [Tensor.ones([3]), tensor], lanes: lanes)
            #expect(found[0].largest == 1)
            #expect(value.isNaN ? found[1].largest.isNaN : found[1].largest == .infinity)
          }
        }
      }
    }
  }

  @Test func `NaN in one part of a long tensor is not forgotten in the next`() {
    for place in [0, 70_000, 199_999] {
      let tensor = Tensor.ones([200_000])
      tensor[place].copyInPlace(from: Tensor.full(.nan, shape: []))
      tensor[150_000].copyInPlace(from: Tensor.full(.infinity, shape: []))
      #expect(Magnitude.all(of: [tensor])[0].largest.isNaN)
    }
  }

  @Test func `huge numbers are finite and their squares do not overflow`() {
    let largest = Double(Float.greatestFiniteMagnitude)
    let found = Magnitude.all(of: [
      Tensor.full(-largest, shape: [1000]), Tensor.full(1e-45, shape: [9]),
    ])
    #expect(found[0].largest == largest)
    #expect(abs(found[0].squares / (1000 * largest * largest) - 1) < 1e-13)
    #expect(found[1].squares > 0)
    let doubles = Magnitude.all(of: [Tensor.full(1e300, shape: [3], dtype: .float64)])[0]
    #expect(doubles.largest == 1e300)
    let named: NamedTensors = ["a": Tensor.full(1e300, shape: [3], dtype: .float64)]
    #expect(named.firstNotFinite == nil)
  }

  @Test func `the first tensor that holds no number is named`() {
    let bad = Tensor.full(.nan, shape: [2, 2])
    let named: NamedTensors = ["a": Tensor.ones([3]), "b": Tensor.zeros([0]), "c": bad, "d": bad]
    #expect(named.firstNotFinite == "c")
    #expect(named.filter { $0 < "c" }.firstNotFinite == nil)
    #expect(NamedTensors().firstNotFinite == nil)
  }

  @Test func `one thread and many give the same bits`() {
    let tensors = Self.counts.map { Matrices.noise([$0], seed: UInt64($0)) }
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = 1
    let one = Magnitude.all(of: tensors)
    for threads in [2, 5] {
      Engine.threads = threads
      for (a, b) in zip(one, Magnitude.all(of: tensors)) {
        #expect(a.squares == b.squares && a.largest == b.largest)
      }
    }
  }
}
