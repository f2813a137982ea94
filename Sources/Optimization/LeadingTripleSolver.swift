public import Torch

/// The term σ₁u₁v₁ᵀ of a matrix's singular value decomposition, and how it was found.
public struct LeadingTriple: Sendable {
  /// The term is `left` · `right`ᵀ. One of the two is a unit vector, the other is G (or Gᵀ) times it, of length σ.
  /// That makes G − term a projection, (I − ûûᵀ)G or G(I − v̂v̂ᵀ), so that ⟨G, D⟩ = ‖D‖² and
  /// ‖G‖² − ‖D‖² = σ² hold to rounding, whatever the accuracy of the unit vector.
  public let left: Tensor
  public let right: Tensor
  /// σ = ûᵀGv̂, the Rayleigh value.
  public let sigma: Double
  /// σ₂ where ``secondIsExact``, else an estimate from below that comes for free.
  public let second: Double
  public let secondIsExact: Bool
  /// σ² / ‖G‖_F², the share of the gradient's energy that the term holds.
  public let energy: Double
  /// Steps of the iteration; 0 for a direct decomposition.
  public let iterations: Int
  /// ‖GGᵀû − σ²û‖ / σ², or the same with the sides exchanged.
  public let residual: Double
  /// Whether the fast solver could not prove its bound and the full decomposition took over.
  public let fellBack: Bool
  /// The unit vector, where the next step's search may start; nil if the solver has no use for it.
  public let warmStart: Tensor?
}

/// Finds the leading singular triple of a matrix.
public protocol LeadingTripleSolver: Sendable {
  /// - Parameters:
  ///   - matrix: rank 2, both extents above 1, finite, float32 or float64, its norm in a range where fourth
  ///     powers neither overflow nor vanish (``DominantSingularDeflation`` scales it so).
  ///   - norm: its Frobenius norm.
  ///   - start: the ``LeadingTriple/warmStart`` of a similar matrix.
  ///   - spectrum: whether σ₂ must be exact up to rounding.
  /// - Throws: ``TorchError`` when LAPACK does not converge, in float64 neither.
  func leadingTriple(of matrix: Tensor, norm: Double, start: Tensor?, spectrum: Bool)
    throws(TorchError) -> LeadingTriple
}
