public import Torch

/// Which end of a spectrum is meant by the top.
public enum SpectrumOrder: String, Codable, Sendable, CaseIterable {
  /// The largest |λ| first, whatever the sign.
  case magnitude
  /// The largest λ first.
  case algebraic
  /// The smallest λ first: the most negative curvature.
  case smallest
}

/// An approximate eigenvalue of a symmetric matrix H, with what is known of its error.
public struct Eigenvalue: Codable, Equatable, Sendable {
  /// θ = xᵀHx, of a unit vector x.
  public let value: Double
  /// ‖Hx − θx‖: the matrix has an eigenvalue within this distance of θ.
  public let residual: Double
  /// Steps of the solver until it was accepted or given up.
  public let iterations: Int
  public let converged: Bool

  public init(value: Double, residual: Double, iterations: Int, converged: Bool) {
    self.value = value
    self.residual = residual
    self.iterations = iterations
    self.converged = converged
  }
}

/// The eigenvalues at the top of a spectrum.
public struct TopEigenvalues: Sendable {
  /// In the order that was asked for.
  public let eigenvalues: [Eigenvalue]
  /// Unit vectors `[n]`, one for each.
  public let vectors: [Tensor]
  /// Products with the matrix that it took.
  public let products: Int

  public init(eigenvalues: [Eigenvalue], vectors: [Tensor], products: Int) {
    self.eigenvalues = eigenvalues
    self.vectors = vectors
    self.products = products
  }

  public var converged: Bool { eigenvalues.allSatisfy(\.converged) }

  /// |λ₁| / Σ |λᵢ| over these: the paper's Pr(H) for five of them. Magnitudes, because a sum of mixed signs can make a
  /// share above 1. nil where all are 0.
  public var dominantShare: Double? {
    let sum = eigenvalues.reduce(0) { $0 + abs($1.value) }
    return sum > 0 ? abs(eigenvalues[0].value) / sum : nil
  }
}
