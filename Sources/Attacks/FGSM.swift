public import Torch

/// The fast gradient sign method: one step to a corner of the L∞ ball.
///
///     x′ = clamp(x + ε · sgn ∇ₓL(x, y), 0, 1)
///
/// L is the cross-entropy of the logits and sgn(0) = 0. On a classifier linear in x with two classes no
/// admissible x′ has a larger loss. Deterministic: the generator is not used. Goodfellow, Shlens and Szegedy,
/// *Explaining and harnessing adversarial examples*, arXiv 1412.6572, section 4.
public struct FGSM: Attack {
  /// In pixel units, 0 ... 1.
  public let epsilon: Double

  public init(epsilon: Double) { self.epsilon = epsilon }

  public var name: String { "FGSM" }
  public var threat: ThreatModel { .linf(epsilon) }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    victim.beginRun()
    let gradient = try victim.lossGradient(images, labels: labels).gradient
    return (images + threat.steepestDirection(gradient) * epsilon).clamped(0, 1)
  }
}
