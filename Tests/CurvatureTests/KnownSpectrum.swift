import Curvature
import Testing
import Torch

/// A symmetric matrix Q diag(λ) Qᵀ with random orthogonal Q, whose eigenvalues are known before anybody computes them.
struct KnownSpectrum: Sendable, CustomTestStringConvertible {
  let name: String
  /// In no order.
  let eigenvalues: [Double]

  init(_ name: String, _ eigenvalues: [Double]) {
    self.name = name
    self.eigenvalues = eigenvalues
  }

  var testDescription: String { name }
  var dimension: Int { eigenvalues.count }

  func matrix(seed: UInt64, dtype: DType = .float64) -> MatrixOperator {
    let q = randomOrthogonal(dimension, seed: seed)
    let scaled = q * Tensor(eigenvalues)
    let product = scaled.matmul(q.transposed())
    return MatrixOperator(((product + product.transposed()) / 2).converted(to: dtype))
  }

  /// The first `count` in the given order.
  func top(_ count: Int, _ order: SpectrumOrder) -> [Double] {
    let sorted = eigenvalues.sorted {
      switch order {
      case .magnitude: abs($0) > abs($1)
      case .algebraic: $0 > $1
      case .smallest: $0 < $1
      }
    }
    return Array(sorted.prefix(count))
  }

  /// max |λ|
  var scale: Double { eigenvalues.map(abs).max()! }

  /// |θ − λ| of the nearest λ.
  func distance(to value: Double) -> Double { eigenvalues.map { abs($0 - value) }.min()! }
}

func randomOrthogonal(_ size: Int, seed: UInt64) -> Tensor {
  Tensor.normal([size, size], dtype: .float64, using: Generator(seed: seed)).qr().q
}

/// ‖Hx − θx‖, in float64 whatever the operator's type.
func measuredResidual(_ matrix: MatrixOperator, _ vector: Tensor, _ value: Double) -> Double {
  let h = matrix.matrix.converted(to: .float64)
  let x = vector.converted(to: .float64)
  return (h.times(vector: x) - x * value).norm().item() / x.norm().item()
}

extension KnownSpectrum {
  /// λᵢ = ratioⁱ, alternating in sign where told to.
  static func geometric(_ count: Int, ratio: Double, alternating: Bool = false) -> [Double] {
    var value = 1.0
    return (0..<count).map { index in
      defer { value *= ratio }
      return alternating && index % 2 == 1 ? -value : value
    }
  }

  /// A few outliers above a dense bulk in [−1, 1], the shape of a network's Hessian.
  static func outliers(_ outliers: [Double], bulk: Int) -> [Double] {
    outliers + (0..<bulk).map { 2 * Double($0) / Double(max(bulk - 1, 1)) - 1 }
  }
}
