/// What an audit measured, and whether the number can be believed.
public struct AuditReport: Codable, Equatable, Sendable {
  public let threat: ThreatModel
  public let seed: UInt64
  /// Of all images.
  public let clean: BinomialInterval
  /// Of all images: those left by the attacks through the network's own gradient. This is the number that most
  /// evaluations report; nil where no attack was run.
  public let ownGradient: BinomialInterval?
  /// Of all images: those that nothing in the audit fooled; nil where no attack was run.
  public let worstCase: BinomialInterval?
  /// What every answer is the mean of: 1 unless the network is stochastic.
  public let draws: Int
  /// Attack by attack, on the images that are classified correctly. Black-box and random attacks saw only those that the
  /// white box had left.
  public let outcomes: [AttackOutcome]
  /// The audited attack at rising ε, of all images.
  public let curve: [EpsilonSweep.Point]
  /// In the order of ``AuditCheck``.
  public let flags: [AuditFlag]
  public let verdict: AuditVerdict

  /// Images looked at.
  public var images: Int { clean.trials }
  public var raised: [AuditFlag] { flags.filter(\.isRaised) }

  public subscript(check: AuditCheck) -> AuditFlag { flags.first { $0.check == check }! }

  /// - Parameter flags: what was measured; what is missing is put in as not measured.
  init(
    threat: ThreatModel, seed: UInt64, images: Int, cleanCorrect: Int, own: AttackOutcome?,
    all: AttackOutcome?, draws: Int, outcomes: [AttackOutcome], curve: [EpsilonSweep.Point],
    flags: [AuditFlag], whyMissing: String
  ) {
    self.threat = threat
    self.seed = seed
    self.draws = draws
    self.outcomes = outcomes
    self.curve = curve
    func left(_ outcome: AttackOutcome?) -> BinomialInterval? {
      outcome.map { .wilson(successes: cleanCorrect - $0.fooledCount, trials: images) }
    }
    clean = .wilson(successes: cleanCorrect, trials: images)
    ownGradient = left(own)
    worstCase = left(all)
    self.flags = AuditCheck.allCases.map { check in
      flags.first { $0.check == check } ?? AuditFlag(check, notMeasured: whyMissing)
    }
    verdict = AuditVerdict(self.flags, examined: cleanCorrect)
  }
}
