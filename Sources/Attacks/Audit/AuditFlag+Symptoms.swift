extension AuditFlag {
  /// Images that some attacks fool and others miss.
  ///
  /// - Parameters:
  ///   - check: what that is a symptom of.
  ///   - found: the attacks that ought to find no more than the others.
  ///   - missed: the others.
  /// - Precondition: all are about the same images; `missed` is not empty.
  public static func fooled(
    _ check: AuditCheck, by found: [AttackOutcome], missedBy missed: [AttackOutcome]
  ) -> AuditFlag {
    guard !found.isEmpty else {
      return AuditFlag(check, notMeasured: "no such attack was run")
    }
    let known = missed.union("")
    func extra(_ outcome: AttackOutcome) -> Int {
      zip(outcome.fooled, known.fooled).count { $0 && !$1 }
    }
    let all = extra(found.union(""))
    let parts = found.map { "\($0.name) \(extra($0))" }.joined(separator: ", ")
    return AuditFlag(
      check, all, of: known.fooled.count,
      detail: "missed by \(missed.map(\.name).joined(separator: ", ")) and found by: \(parts)")
  }

  /// Symptom 3: images that the unbounded attacks leave.
  public static func unbounded(_ attacks: [AttackOutcome]) -> AuditFlag {
    guard !attacks.isEmpty else {
      return AuditFlag(.unbounded, notMeasured: "no such attack was run")
    }
    let all = attacks.union("")
    let left = attacks.map { "\($0.name) leaves \($0.fooled.count - $0.fooledCount)" }
    return AuditFlag(
      .unbounded, all.fooled.count - all.fooledCount, of: all.fooled.count,
      detail: left.joined(separator: ", "))
  }

  /// Symptom 5: images that are fooled at one ε and not at the next.
  ///
  /// - Parameter sweep: the same attack at rising ε.
  public static func largerBall(_ sweep: [(epsilon: Double, outcome: AttackOutcome)]) -> AuditFlag {
    guard sweep.count > 1 else {
      return AuditFlag(.largerBall, notMeasured: "it takes the attack at two ε")
    }
    precondition(
      zip(sweep, sweep.dropFirst()).allSatisfy { $0.epsilon < $1.epsilon },
      "largerBall: ε must rise")
    var lost = Array(repeating: false, count: sweep[0].outcome.fooled.count)
    var steps: [String] = []
    for (smaller, larger) in zip(sweep, sweep.dropFirst()) {
      let here = zip(smaller.outcome.fooled, larger.outcome.fooled).map { $0 && !$1 }
      lost = zip(lost, here).map { $0 || $1 }
      let count = here.count { $0 }
      guard count > 0 else { continue }
      let (from, to) = (ThreatModel.linf(smaller.epsilon), ThreatModel.linf(larger.epsilon))
      steps.append("\(count) from \(from) to \(to)")
    }
    return AuditFlag(
      .largerBall, lost.count { $0 }, of: lost.count,
      detail: steps.isEmpty ? "none at \(sweep.count) ε" : "lost: " + steps.joined(separator: ", "))
  }

  /// Images that only a foreign surrogate breaks, and how far the surrogates lie apart.
  ///
  /// - Parameters:
  ///   - own: attacks through the network's own surrogate.
  ///   - foreign: one attack through each of the others, and the same one through its own.
  public static func surrogateSpread(
    own: [AttackOutcome], same: AttackOutcome, foreign: [AttackOutcome]
  ) -> AuditFlag {
    guard !foreign.isEmpty else {
      return AuditFlag(.surrogateSpread, notMeasured: "no other surrogate was tried")
    }
    let missed = own.union("")
    let found = foreign.union("")
    let only = zip(found.fooled, missed.fooled).count { $0 && !$1 }
    let ranked = ([same] + foreign).sorted { $0.fooledCount < $1.fooledCount }
    let spread = ranked[ranked.count - 1].fooledCount - ranked[0].fooledCount
    return AuditFlag(
      .surrogateSpread, only, of: missed.fooled.count,
      detail: "the strongest (\(ranked[ranked.count - 1].name)) fools "
        + "\(ranked[ranked.count - 1].fooledCount), the weakest (\(ranked[0].name)) "
        + "\(ranked[0].fooledCount): \(spread) apart; its own \(same.fooledCount)")
  }
}
