public import Torch

/// The eigenvalues at the top of a spectrum.
public struct TopEigenvalues: Sendable {
  /// In the order that was asked for.
  public let eigenvalues: [Eigenvalue]
  /// Unit vectors `[n]`, one for each.
  public let vectors: [Tensor]
  /// Products with the matrix that it took.
  public let products: Int
  /// Whether copies of eigenvalues were looked for; nil where the solver finds them in any case.
  public let repeats: RepeatSearch?
  /// max |qᵢᵀHqⱼ − qⱼᵀHqᵢ| / max |θ| over the vectors that met: 0 but for rounding where H is
  /// symmetric. A lower bound of ‖H − Hᵀ‖ / ‖H‖, and nil where the solver does not see it.
  public let asymmetry: Double?
  /// The most vectors `[n]` that the solver's basis held.
  public let basisVectors: Int

  public init(
    eigenvalues: [Eigenvalue], vectors: [Tensor], products: Int, repeats: RepeatSearch? = nil,
    asymmetry: Double? = nil, basisVectors: Int = 0
  ) {
    self.eigenvalues = eigenvalues
    self.vectors = vectors
    self.products = products
    self.repeats = repeats
    self.asymmetry = asymmetry
    self.basisVectors = basisVectors
  }

  public var converged: Bool { eigenvalues.allSatisfy(\.converged) }

  /// |λ₁| / Σ |λᵢ| over these: the paper's Pr(H) for five of them. Magnitudes, because a sum of
  /// mixed signs can make a share above 1. nil where all are 0.
  public var dominantShare: Double? {
    let sum = eigenvalues.reduce(0) { $0 + abs($1.value) }
    return sum > 0 ? abs(eigenvalues[0].value) / sum : nil
  }
}

/// Whether a solver with one start looked for copies of repeated eigenvalues.
public enum RepeatSearch: String, Codable, Sendable {
  /// One start: a repeated eigenvalue shows once.
  case notSearched
  /// A further random start brought nothing new.
  case searched
  /// The products ran out before a further start had brought nothing new.
  case interrupted
}
