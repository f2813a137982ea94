public import Torch

/// The momentum iterative fast gradient sign method.
///
///     m ← μ m + g/‖g‖₁         x ← P(x + α sgn m)         from the image itself
///
/// Returns the final iterate, as ``PGD`` does. Deterministic. A gradient that is zero in every pixel adds nothing to m
/// and is counted (0/0 would fill the momentum with NaN for good, and the image would never move again). The norm is
/// taken after division by max|g|, so no gradient is too small.
///
/// Dong et al., *Boosting adversarial attacks with momentum*, arXiv 1710.06081, algorithm 1: 10 steps of ε/10, μ = 1.
public struct MIFGSM: Attack {
  public let threat: ThreatModel
  /// α, in pixel units.
  public let stepSize: Double
  public let steps: Int
  /// μ
  public let decay: Double

  /// - Parameters:
  ///   - epsilon: of the L∞ ball, in pixel units.
  ///   - stepSize: ε/steps if not given.
  public init(epsilon: Double, stepSize: Double? = nil, steps: Int = 10, decay: Double = 1) {
    threat = .linf(epsilon)
    self.stepSize = stepSize ?? epsilon / Double(max(steps, 1))
    self.steps = steps
    self.decay = decay
  }

  public var name: String { "MI-FGSM-\(steps)" }

  public func checkSettings() throws(AttackError) {
    try checkCounts(steps: steps)
    // ε = 0 makes the default step 0, and never gets here with images to attack.
    guard stepSize > 0 || threat.epsilon == 0, stepSize <= 1 else {
      throw .unusable(
        .setting("step size"), expected: "0 < α ≤ 1", found: "\(stepSize)",
        remedy: "α is in pixel units of [0, 1]: write 2/255, not 2")
    }
    guard decay >= 0, decay.isFinite else {
      throw .unusable(
        .setting("decay"), expected: "0 ≤ μ, finite", found: "\(decay)", remedy: "1 is usual")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    victim.beginRun()
    var (point, momentum) = (images, Tensor.zeros(like: images))
    for _ in 0..<steps {
      let gradient = try victim.lossGradient(point, labels: labels).gradient
      let unit = ThreatModel.scaledToUnitMaximum(gradient)
      momentum = momentum * decay + ThreatModel.overSum(unit, of: unit.magnitude())
      point = threat.admissible(point + momentum.sign() * stepSize, around: images)
    }
    return point
  }
}
