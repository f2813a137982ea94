public import Torch

/// The fast gradient sign method after a random step, which leaves the flat spot that training may have put around
/// an image.
///
///     x′ = clamp(x + α sgn N(0, I))         x″ = clamp(x′ + (ε − α) sgn ∇L(x′, y))
///
/// This is the one-step attack of Tramèr et al., *Ensemble adversarial training*, arXiv 1705.07204, section 3.2, with
/// α = ε/2. (torchattacks' `RFGSM` is an iterative one.)
public struct RFGSM: Attack {
  /// In pixel units, 0 ... 1.
  public let epsilon: Double
  /// α, the length of the random step.
  public let randomStep: Double

  /// - Parameter randomStep: ε/2 if not given.
  public init(epsilon: Double, randomStep: Double? = nil) {
    self.epsilon = epsilon
    self.randomStep = randomStep ?? epsilon / 2
  }

  public var name: String { "R-FGSM" }
  public var threat: ThreatModel { .linf(epsilon) }

  public func checkSettings() throws(AttackError) {
    guard randomStep >= 0, randomStep <= epsilon else {
      throw .unusable(
        .setting("random step"), expected: "0 ≤ α ≤ ε = \(epsilon)", found: "\(randomStep)",
        remedy: "ε/2 is usual")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    victim.beginRun()
    let signs = Tensor.normal(images.shape, dtype: images.dtype, using: generator).sign()
    let start = (images + signs.moved(to: images.device) * randomStep).clamped(0, 1)
    let gradient = try victim.lossGradient(start, labels: labels).gradient
    return (start + threat.steepestDirection(gradient) * (epsilon - randomStep)).clamped(0, 1)
  }
}
