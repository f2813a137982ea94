extension RobustnessAudit {
  /// The attacks of one audit, in an order in which the later ones need not repeat what the earlier ones did.
  struct Run {
    private let plan: AuditPlan
    private let subject: AuditSubject
    private let audited: AuditedImages
    private let draws: Int
    private let progress: (Progress) -> Void
    private let parts: Int
    /// None on classifiers with too few classes for them.
    private let targeted: [any Attack]
    private var part = 0
    private(set) var outcomes: [AttackOutcome] = []
    /// What the network's own gradient fools.
    private(set) var own: AttackOutcome?
    /// What anything within ε fools.
    private(set) var all: AttackOutcome?
    private(set) var curve: [EpsilonSweep.Point] = []

    init(
      _ plan: AuditPlan, _ subject: AuditSubject, _ audited: AuditedImages, draws: Int,
      classes: Int, progress: @escaping (Progress) -> Void
    ) {
      self.plan = plan
      self.subject = subject
      self.audited = audited
      self.draws = draws
      self.progress = progress
      targeted = classes < Self.fewestClasses ? [] : plan.targeted
      parts = plan.attackCount(subject) - (plan.targeted.count - targeted.count)
    }

    /// For targeted attacks: their loss compares four logits.
    private static let fewestClasses = 4

    /// Every flag that takes an attack.
    mutating func flags() throws(AttackError) -> [AuditFlag] {
      var flags: [AuditFlag] = []
      let oneStep = try add(plan.oneStep)
      let iterative = try add(plan.iterative)
      flags.append(.fooled(.oneStep, by: [oneStep], missedBy: [iterative]))
      let fewer = try addAny(plan.fewerSteps)
      let other = try addAny(plan.otherLoss)
      flags.append(.fooled(.moreSteps, by: fewer.isEmpty ? [] : [iterative], missedBy: fewer))
      flags.append(.fooled(.otherLoss, by: other, missedBy: [iterative]))
      let (restarts, restarted) = try restarts(after: iterative)
      flags.append(restarts)
      var white = [oneStep, iterative] + fewer + other + restarted
      let sweep = try sweep(iterative)
      flags.append(.largerBall(sweep))
      // What a smaller ball holds, the larger one holds too.
      white += sweep.filter { $0.epsilon <= plan.threat.epsilon }.map(\.outcome)
      for attack in targeted {
        white.append(try add(attack, sparing: white.union("")))
      }

      if let attack = plan.acrossSurrogates, !subject.surrogates.isEmpty {
        let same = try through(attack, itsOwnOr: iterative)
        white.append(same)
        own = white.union("own gradient")
        var foreign: [AttackOutcome] = []
        for source in subject.surrogates {
          foreign.append(try add(AttackThroughSource(attack, through: mean(source))))
        }
        flags.append(.surrogateSpread(same: same, foreign: foreign, known: white))
        white += foreign
      } else {
        own = white.union("own gradient")
      }
      flags += try beyondGradients(white.union("every white-box attack"))
      flags.append(try unbounded())
      flags.append(try zeroBudget())
      return flags
    }

    /// Further starts of the audited attack, each on what those before it left; the last one should find nothing.
    private mutating func restarts(
      after first: AttackOutcome
    ) throws(AttackError) -> (flag: AuditFlag, starts: [AttackOutcome]) {
      var starts: [AttackOutcome] = []
      for number in 1..<max(plan.restarts, 1) {
        let known = ([first] + starts).union("")
        starts.append(
          try add(
            plan.iterative, as: "\(plan.iterative.name), start \(number + 1)", start: number,
            sparing: known))
      }
      guard let last = starts.last else {
        return (AuditFlag(.restarts, notMeasured: "the attack starts once"), [])
      }
      let found = starts.map { "\($0.fooledCount)" }.joined(separator: ", ")
      return (
        AuditFlag(
          .restarts, last.extra(beyond: ([first] + starts.dropLast()).union("")),
          of: last.fooled.count,
          detail: "\(first.name) fools \(first.fooledCount), its further starts add \(found)"),
        starts
      )
    }

    /// Attacks without the network's gradient, on what the white box left.
    private mutating func beyondGradients(
      _ white: AttackOutcome
    ) throws(AttackError) -> [AuditFlag] {
      var transfers: [AttackOutcome] = []
      if let attack = plan.transferred {
        for source in subject.substitutes {
          transfers.append(try add(Transfer(attack, from: mean(source)), sparing: white))
        }
      }
      var queries: [AttackOutcome] = []
      for attack in plan.queries { queries.append(try add(attack, sparing: white)) }
      var sampling: [AttackOutcome] = []
      for attack in plan.sampling { sampling.append(try add(attack, sparing: white)) }
      all = ([white] + transfers + queries + sampling).union("everything")
      return [
        .fooled(.blackBox, by: transfers + queries, missedBy: [white]),
        .fooled(
          .square, by: queries, missedBy: [white],
          judgedBy: targeted.isEmpty ? nil : AuditCheck.squareInAutoAttack),
        .fooled(.randomSampling, by: sampling, missedBy: [white]),
      ]
    }

    /// The attack at other ε.
    private mutating func sweep(
      _ iterative: AttackOutcome
    ) throws(AttackError) -> [(epsilon: Double, outcome: AttackOutcome)] {
      var sweep: [(epsilon: Double, outcome: AttackOutcome)] = []
      for attack in plan.sweep {
        let radius = attack.threat.epsilon
        sweep.append((radius, try through(attack, itsOwnOr: iterative)))
      }
      curve = sweep.map { epsilon, outcome in
        EpsilonSweep.Point(
          epsilon: epsilon,
          robustAccuracy: .wilson(
            successes: audited.count - outcome.fooledCount, trials: audited.total))
      }
      return sweep
    }

    /// With ε = 1, and what is left again: from other starts, with small steps, through every other surrogate.
    private mutating func unbounded() throws(AttackError) -> AuditFlag {
      var all: [AttackOutcome] = []
      for attack in plan.unbounded { all.append(try add(attack, as: "\(attack.name), ε = 1")) }
      guard let strongest = plan.unbounded.last else { return .unbounded([]) }
      var further: [AttackOutcome] = []
      for (index, attack) in plan.unboundedAgain.enumerated() {
        further.append(
          try add(
            attack, as: "\(attack.name), ε = 1, start \(index + 2)", start: index + 1,
            sparing: (all + further).union("")))
      }
      for source in subject.surrogates {
        let attack = AttackThroughSource(strongest, through: mean(source))
        further.append(
          try add(
            attack, as: "\(attack.name), ε = 1", sparing: (all + further).union("")))
      }
      return .unbounded(all, then: further)
    }

    /// An attack with the audited one's name is the audited one: its result is known.
    private mutating func through(
      _ attack: any Attack, itsOwnOr known: AttackOutcome
    ) throws(AttackError) -> AttackOutcome {
      attack.name == known.name && attack.threat == plan.threat ? known : try add(attack)
    }

    private mutating func zeroBudget() throws(AttackError) -> AuditFlag {
      if let evaluation = subject.evaluationAtZero {
        var fooled: [Bool] = []
        for batch in audited.batches { fooled += try evaluation(batch) }
        return AuditFlag(
          .zeroBudget, fooled.count { $0 }, of: fooled.count,
          detail: "the evaluation with ε = 0 counts \(fooled.count { $0 }) correct images as fooled"
        )
      }
      let outcome = try add(plan.zeroBudget)
      let fooled = outcome.extra(beyond: audited.clean)
      return AuditFlag(
        .zeroBudget, fooled, of: outcome.fooled.count,
        detail: "\(outcome.name) within \(plan.zeroBudget.threat) fools \(fooled)")
    }

    private mutating func addAny(_ attack: (any Attack)?) throws(AttackError) -> [AttackOutcome] {
      guard let attack else { return [] }
      return [try add(attack)]
    }

    private mutating func add(
      _ attack: any Attack, as name: String? = nil, start: Int = 0,
      sparing spared: AttackOutcome? = nil
    ) throws(AttackError) -> AttackOutcome {
      part += 1
      let (part, parts, count) = (part, parts, audited.count)
      let progress = progress
      let title = name ?? attack.name
      let measured = try audited.outcome(of: attack, start: start, sparing: spared?.fooled) {
        progress(
          Progress(title: title, part: part, parts: parts, images: $0, imagesInAll: count))
      }
      let outcome = AttackOutcome(title, fooled: measured.fooled, shares: measured.shares)
      outcomes.append(outcome)
      return outcome
    }

    private func mean(_ source: GradientSource) -> GradientSource {
      var mean = GradientSource(
        name: source.name, isSubstitute: source.isSubstitute
      ) { [draws] run in
        let inner = GradientSource.Run(draws: draws * run.draws, seed: run.seed)
        return RobustnessAudit.mean({ source.makeClassifier(inner) }, draws: draws)()
      }
      mean.remembersRows = source.remembersRows
      return mean
    }
  }
}

extension AuditPlan {
  /// How many attacks are run on a subject.
  func attackCount(_ subject: AuditSubject) -> Int {
    func isAudited(_ attack: any Attack) -> Bool {
      attack.name == iterative.name && attack.threat == threat
    }
    var count = 1 + max(restarts, 1) + [fewerSteps, otherLoss].count { $0 != nil }
    if let attack = acrossSurrogates, !subject.surrogates.isEmpty {
      count += subject.surrogates.count + (isAudited(attack) ? 0 : 1)
    }
    if transferred != nil { count += subject.substitutes.count }
    if !unbounded.isEmpty {
      count += unbounded.count + unboundedAgain.count + subject.surrogates.count
    }
    count += targeted.count + queries.count + sampling.count + sweep.count { !isAudited($0) }
    return count + (subject.evaluationAtZero == nil ? 1 : 0)
  }
}
