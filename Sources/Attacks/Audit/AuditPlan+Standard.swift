extension AuditPlan {
  /// How much an audit spends.
  public enum Effort: String, Codable, Sendable, CaseIterable {
    /// 20 steps, hundreds of queries: minutes for a small network.
    case quick
    /// The budgets of the field, 100 steps and 5000 queries: for a number that is to be published.
    case standard

    var steps: Int { self == .quick ? 20 : 100 }
    var restarts: Int { self == .quick ? 3 : 5 }
    /// Of ε, rising.
    var sweep: [Double] {
      self == .quick ? [0.25, 0.5, 1, 2, 4] : [0.125, 0.25, 0.5, 0.75, 1, 2, 4, 8, 16]
    }
  }

  /// An audit of an L∞ number with ε in pixel units, 0 < ε ≤ 1.
  ///
  /// The attack under audit is ``APGD`` on cross-entropy. It has no step size to be chosen wrongly, keeps what it finds
  /// on its way, and starts from the same points whatever its number of steps.
  public static func standard(epsilon: Double, effort: Effort) -> AuditPlan {
    let threat = ThreatModel.linf(epsilon)
    let steps = effort.steps
    func apgd(
      _ threat: ThreatModel, _ loss: AttackLoss = .crossEntropy, steps: Int
    ) -> APGD {
      APGD(threat, loss: loss, steps: steps, dropsFooledImages: true)
    }
    var plan = AuditPlan(
      threat: threat, oneStep: FGSM(epsilon: epsilon), iterative: apgd(threat, steps: steps),
      // The least that changes every pixel in float32.
      zeroBudget: FGSM(epsilon: 1e-6))
    plan.fewerSteps = apgd(threat, steps: steps * 4 / 5)
    plan.otherLoss = apgd(threat, .margin, steps: steps)
    if effort == .standard {
      plan.targeted = [
        TargetedAPGD(threat, steps: steps, dropsFooledImages: true),
        TargetedFAB(threat, steps: steps),
      ]
    }
    plan.restarts = effort.restarts
    plan.acrossSurrogates = apgd(threat, steps: effort == .quick ? steps : steps / 2)
    plan.transferred = apgd(threat, .margin, steps: steps)
    plan.queries = [
      effort == .quick
        ? Square(threat, queries: 500, rescalesSchedule: true) : Square(threat, queries: 5000)
    ]
    let samples = effort == .quick ? 200 : 1000
    plan.sampling = [
      RandomNoise(threat, .uniform, samples: samples),
      RandomNoise(threat, .corner, samples: samples),
    ]
    let whole = ThreatModel.linf(1)
    // Nothing is tolerated there, so nothing must be left for want of steps.
    let many = max(200, 5 * steps / 2)
    plan.unbounded = [apgd(whole, steps: many), apgd(whole, .margin, steps: many)]
    plan.unboundedAgain =
      plan.unbounded + [
        PGD(whole, stepSize: 0.01, steps: many, start: .image)
      ]
    var radii: [Double] = []
    for radius in effort.sweep.map({ min($0 * epsilon, 1) }) where radius != radii.last {
      radii.append(radius)
    }
    plan.sweep = radii.map { apgd(.linf($0), steps: steps) }
    return plan
  }
}
