public import Torch

/// How much of a matrix its leading singular term σ₁u₁v₁ᵀ holds.
public struct LeadingTerm: Codable, Sendable, Equatable {
  /// The parameter's name.
  public let layer: String
  public let sigma1: Double
  public let sigma2: Double
  /// σ₁² / ‖G‖_F², the share of the squared length, in 1/rank ... 1.
  public let energyShare: Double
  /// σ₁ / Σᵢ σᵢ, the share of the nuclear norm, in 1/rank ... 1.
  public let nuclearShare: Double

  /// Of a gradient that is read as deflation reads it, its first dimension by all others.
  ///
  /// From the eigenvalues of the smaller Gram matrix in float64: σ₁, σ₂ and the energy share to rounding, and the
  /// nuclear share from above: with n of the smaller extent, singular values below √n · 1.5·10⁻⁸ σ₁ are lost in the squares,
  /// together at most n^1.5 · 1.5·10⁻⁸ of the share (8·10⁻⁶ for n = 64, 2·10⁻⁴ for 512).
  ///
  /// - Returns: nil of a matrix with one row or column, whose share is 1 by its form, of one that is 0 or not finite,
  ///   and where LAPACK does not converge.
  public init?(of gradient: Tensor, named layer: String) {
    guard gradient.rank >= 2, gradient.count > 0 else { return nil }
    let rows = gradient.size(0)
    guard rows > 1, gradient.count > rows else { return nil }
    let matrix = gradient.detached().flattened(from: 1).converted(to: .float64)
    let largest = matrix.norm(.infinity).item()
    guard largest > 0, largest.isFinite else { return nil }
    // So that squares neither overflow nor vanish.
    let scaled = matrix / largest
    let other = scaled.transposed()
    let gram = rows <= matrix.size(1) ? scaled.matmul(other) : other.matmul(scaled)
    guard let (eigenvalues, _) = try? gram.symmetricEigenDecomposition() else { return nil }
    let squares = eigenvalues.scalars(of: Double.self).map { max(0, $0) }.sorted(by: >)
    // What is below is rounding of the largest.
    let floor = squares[0] * Double(squares.count) * 0x1p-52
    let values = squares.map { $0 > floor ? $0.squareRoot() : 0 }
    self.layer = layer
    sigma1 = values[0] * largest
    sigma2 = values[1] * largest
    energyShare = min(1, squares[0] / squares.reduce(0, +))
    nuclearShare = values[0] / values.reduce(0, +)
  }
}
