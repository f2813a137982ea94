extension AuditPlan {
  /// How much an audit spends.
  public enum Effort: String, Codable, Sendable, CaseIterable {
    /// Minutes on two cores for a small network: for every run.
    case quick
    /// The budgets of the field, 100 steps: for a number that is published.
    case standard
  }

  /// An audit of an L∞ number with ε in pixel units.
  public static func standard(epsilon: Double, effort: Effort) -> AuditPlan {
    let threat = ThreatModel.linf(epsilon)
    let steps = effort == .quick ? 20 : 100
    func pgd(_ epsilon: Double, steps: Int, restarts: Int = 1) -> PGD {
      PGD(.linf(epsilon), stepSize: min(2.5 * epsilon / Double(steps), 1), steps: steps, restarts: restarts)
    }
    var plan = AuditPlan(
      threat: threat, oneStep: FGSM(epsilon: epsilon), iterative: pgd(epsilon, steps: steps),
      zeroBudget: FGSM(epsilon: 1e-6))
    plan.fewerSteps = pgd(epsilon, steps: steps * 4 / 5)
    plan.restarted = pgd(epsilon, steps: steps, restarts: 3)
    plan.acrossSurrogates = pgd(epsilon, steps: steps)
    plan.transferred = pgd(epsilon, steps: steps)
    plan.unbounded = [pgd(1, steps: 5 * steps)]
    plan.sweep = [0.25, 0.5, 1, 2, 4].map { min($0 * epsilon, 1) }.filter { $0 > 0 }
      .map { pgd($0, steps: steps) }
    return plan
  }
}
