public import Torch

/// The term σ₁u₁v₁ᵀ of a matrix's singular value decomposition, and how it was found.
public struct LeadingTriple: Sendable {
  public enum Side: Sendable { case left, right }

  /// The term is `left` · `right`ᵀ: a unit vector on ``unitSide``, and on the other side G (or Gᵀ) times it, of
  /// length σ. That makes G − term a projection, (I − ûûᵀ)G or G(I − v̂v̂ᵀ), so that ⟨G, D⟩ = ‖D‖² and
  /// ‖G‖² − ‖D‖² = σ² hold to rounding, whatever the accuracy of the unit vector.
  public let left: Tensor
  public let right: Tensor
  public let unitSide: Side
  /// σ = ûᵀGv̂, the Rayleigh value.
  public private(set) var sigma: Double
  /// σ₂ from a full decomposition; from Lanczos an estimate from below that comes for free.
  public private(set) var second: Double
  /// σ² / ‖G‖_F², the share of the gradient's energy that the term holds.
  public let energy: Double
  /// Steps of the iteration; 0 for a direct decomposition.
  public let iterations: Int
  /// ‖GGᵀû − σ²û‖ / σ², or the same with the sides exchanged.
  public let residual: Double
  /// Whether the fast solver could not prove its bound and a full decomposition took over.
  public var fellBack = false
  /// The right unit vector, near which the next step's search may start; nil if the solver has no use for it,
  /// as `GramLanczos` where the term does not dominate.
  public let warmStart: Tensor?

  /// The matrix without the term, as a new tensor.
  ///
  /// - Parameter matrix: what the triple was found for.
  func removed(from matrix: Tensor) -> Tensor {
    let rest = matrix.subtractingOuter(left, right)
    // What rounding leaves of a dominant term is not small beside the rest: project once more.
    guard energy > 0.9 else { return rest }
    switch unitSide {
    case .left: return rest.subtractingOuter(left, rest.transposed().times(vector: left))
    case .right: return rest.subtractingOuter(rest.times(vector: right), right)
    }
  }

  /// The numbers of a matrix that is `scale` times as large; the vectors stay.
  func scaled(by scale: Double) -> LeadingTriple {
    var result = self
    result.sigma *= scale
    result.second *= scale
    return result
  }
}

/// Finds the leading singular triple of a matrix.
public protocol LeadingTripleSolver: Sendable {
  /// - Parameters:
  ///   - matrix: rank 2, both extents above 1, finite, float32 or float64, its norm in a range where fourth
  ///     powers neither overflow nor vanish (``DominantSingularDeflation`` scales it so).
  ///   - norm: its Frobenius norm.
  ///   - start: the ``LeadingTriple/warmStart`` of a similar matrix.
  ///   - spectrum: whether ``LeadingTriple/second`` must be accurate, to 10⁻⁴ or better.
  /// - Throws: ``TorchError`` when LAPACK does not converge, in float64 neither.
  func leadingTriple(of matrix: Tensor, norm: Double, start: Tensor?, spectrum: Bool)
    throws(TorchError) -> LeadingTriple
}
