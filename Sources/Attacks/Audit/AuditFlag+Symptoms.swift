extension AuditFlag {
  /// Images that some attacks fool and others miss.
  ///
  /// - Parameters:
  ///   - check: what that is a symptom of.
  ///   - found: the attacks that ought to find no more than the others.
  ///   - missed: the others.
  ///   - judgement: the check's own unless given.
  /// - Precondition: all are about the same images; `missed` is not empty.
  public static func fooled(
    _ check: AuditCheck, by found: [AttackOutcome], missedBy missed: [AttackOutcome],
    judgedBy judgement: AuditCheck.Judgement? = nil
  ) -> AuditFlag {
    guard !found.isEmpty else {
      return AuditFlag(check, notMeasured: "no such attack was run")
    }
    let known = missed.union("")
    let all = found.union("").extra(beyond: known)
    let parts = found.map { "\($0.name) \($0.extra(beyond: known))" }.joined(separator: ", ")
    return AuditFlag(
      check, all, of: known.fooled.count,
      detail: "missed by \(missed.map(\.name).joined(separator: ", ")) and found by: \(parts)",
      judgedBy: judgement)
  }

  /// Symptom 3: images that the unbounded attacks leave.
  ///
  /// - Parameters:
  ///   - attacks: each on all images.
  ///   - further: each on what those before it left.
  public static func unbounded(
    _ attacks: [AttackOutcome], then further: [AttackOutcome] = []
  ) -> AuditFlag {
    guard !attacks.isEmpty else {
      return AuditFlag(.unbounded, notMeasured: "no such attack was run")
    }
    let all = (attacks + further).union("")
    var parts = attacks.map { "\($0.name) leaves \($0.fooled.count - $0.fooledCount)" }
    parts += further.filter { $0.fooledCount > 0 }.map { "then \($0.name) finds \($0.fooledCount)" }
    return AuditFlag(
      .unbounded, all.fooled.count - all.fooledCount, of: all.fooled.count,
      detail: parts.joined(separator: ", "))
  }

  /// Symptom 5: images that are fooled at one ε and not at the next, where most are.
  ///
  /// One pair of ε is counted: every further pair would add the noise of its own.
  ///
  /// - Parameter sweep: the same attack at rising ε.
  public static func largerBall(_ sweep: [(epsilon: Double, outcome: AttackOutcome)]) -> AuditFlag {
    guard sweep.count > 1 else {
      return AuditFlag(.largerBall, notMeasured: "it takes the attack at two ε")
    }
    precondition(
      zip(sweep, sweep.dropFirst()).allSatisfy { $0.epsilon < $1.epsilon },
      "largerBall: ε must rise")
    var worst = 0
    var steps: [String] = []
    for (smaller, larger) in zip(sweep, sweep.dropFirst()) {
      let count = smaller.outcome.extra(beyond: larger.outcome)
      worst = max(worst, count)
      guard count > 0 else { continue }
      let (from, to) = (ThreatModel.linf(smaller.epsilon), ThreatModel.linf(larger.epsilon))
      steps.append("\(count) from \(from) to \(to)")
    }
    return AuditFlag(
      .largerBall, worst, of: sweep[0].outcome.fooled.count,
      detail: steps.isEmpty ? "none at \(sweep.count) ε" : "lost: " + steps.joined(separator: ", "))
  }

  /// Images that the strongest foreign surrogate breaks and the network's own does not, one attack through each.
  ///
  /// One foreign surrogate is counted, for the network has one too. What all of them break together is said beside it,
  /// and how far they lie apart.
  ///
  /// - Parameters:
  ///   - same: the attack through the network's own surrogate.
  ///   - foreign: the same attack through each of the others.
  ///   - known: all attacks through the network's own, for the information.
  public static func surrogateSpread(
    same: AttackOutcome, foreign: [AttackOutcome], known: [AttackOutcome]
  ) -> AuditFlag {
    // Of equals the first.
    guard let best = foreign.reversed().max(by: { $0.fooledCount < $1.fooledCount }),
      let weakest = foreign.min(by: { $0.fooledCount < $1.fooledCount })
    else {
      return AuditFlag(.surrogateSpread, notMeasured: "no other surrogate was tried")
    }
    let together = foreign.union("").extra(beyond: (known + [same]).union(""))
    return AuditFlag(
      .surrogateSpread, best.extra(beyond: same), of: same.fooled.count,
      detail: "its own fools \(same.fooledCount), the strongest other (\(best.name)) "
        + "\(best.fooledCount), the weakest (\(weakest.name)) \(weakest.fooledCount); all "
        + "\(foreign.count) together \(together) that no attack through its own does")
  }
}
