import Foundation
import Torch

/// The adaptive sharpness surrogate of Wang et al. (ASSG, arXiv 2512.22522): an arctan that is as sharp, for each neuron,
/// step and example, as the potentials seen so far allow.
///
///     g(u) = (a/2) / (1 + (π a u / 2)²),     a = ω / (M + γ D + 10⁻⁴),     ω = (2/π) tan(π A / 2)
///     M ← β₁ M + (1 − β₁) |u|,     D ← β₂ D + (1 − β₂) ||u| − M|     before each use, from M = 1, D = 0
///
/// M and D are averages over the iterations of an attack (``SurrogateMemory``). A bounds how much of the surrogate is
/// out of reach: G(x), the mass of g within ±x, is concave in x, so a ≤ ω / E|u| gives E[G(|u|)] ≤ A. γ D is the margin
/// for a mean that is not known yet.
///
/// The authors' code takes A/2 as its argument: its 0.425 is A = 0.85 here.
public struct AdaptiveSharpness: Sendable, Equatable {
  /// A, in (0, 1): greater is sharper.
  public var vanishing: Double
  /// γ
  public var relaxation: Double
  /// β₁ and β₂; the release's class for rate coding has 0.99 by default, though its script passes 0.9.
  public var meanDecay: Double
  public var deviationDecay: Double

  /// - Precondition: A in (0, 1), γ ≥ 0, both decays in [0, 1).
  public init(
    vanishing: Double = 0.85, relaxation: Double = 1.5, meanDecay: Double = 0.9,
    deviationDecay: Double = 0.9
  ) {
    precondition(
      vanishing > 0 && vanishing < 1,
      "AdaptiveSharpness: A must be between 0 and 1, got \(vanishing)")
    precondition(
      relaxation >= 0 && (0..<1).contains(meanDecay) && (0..<1).contains(deviationDecay),
      "AdaptiveSharpness: expected γ ≥ 0 and decays in [0, 1), got \(relaxation), \(meanDecay) and "
        + "\(deviationDecay)")
    self.vanishing = vanishing
    self.relaxation = relaxation
    self.meanDecay = meanDecay
    self.deviationDecay = deviationDecay
  }

  /// ω: G(ω) = A for the arctan of sharpness 1.
  public var numerator: Double { 2 / .pi * tan(.pi * vanishing / 2) }

  /// a
  public func sharpness(_ moments: PotentialMoments) -> Tensor {
    (moments.mean + moments.deviation * relaxation + 1e-4).power(-1) * numerator
  }

  /// g(u)
  func slope(at u: Tensor, _ moments: PotentialMoments) -> Tensor {
    let a = sharpness(moments)
    return a * 0.5 / ((a * u * (.pi / 2)).squared() + 1)
  }

  /// M and D after one more look at the potentials u.
  func moved(_ moments: PotentialMoments?, by u: Tensor) -> PotentialMoments {
    let magnitude = u.magnitude()
    let mean =
      (moments?.mean ?? Tensor.zeros(like: u) + 1) * meanDecay + magnitude * (1 - meanDecay)
    let spread = (magnitude - mean).magnitude() * (1 - deviationDecay)
    let deviation = moments.map { $0.deviation * deviationDecay + spread } ?? spread
    return PotentialMoments(mean: mean, deviation: deviation)
  }
}
