import Attacks
import Foundation
import Torch
import Training

/// All that an audit says, as a file holds it.
public struct AuditResults: Codable, Sendable, Equatable {
  public let spikeguard: String
  public let engine: String
  public let created: String
  public let machine: Machine
  public let network: NetworkRecipe
  public let weights: String
  public let data: DatasetFacts
  public let effort: AuditEffort
  /// Defects of the release that were put under audit.
  public let released: ReleasedProtocol
  /// Files of other networks from which attacks were transferred.
  public let substitutes: [String]
  /// From the input to the output.
  public let layers: [AuditedLayer]
  public let seed: UInt64
  public let norm: ThreatModel.Norm
  public let epsilon: Double
  public let verdict: AuditVerdict
  /// What every answer is the mean of.
  public let draws: Int
  public let clean: Score
  /// Left by the attacks through the network's own gradient; nil where no attack was run.
  public let ownGradient: Score?
  /// Left by everything in the audit.
  public let worstCase: Score?
  public let attacks: [Attack]
  /// Under the audited attack at rising ε.
  public let curve: [Point]
  public let flags: [Flag]
  public let seconds: Double

  /// One attack, on the images that are classified correctly.
  public struct Attack: Codable, Sendable, Equatable {
    public let name: String
    public let fooled: Int
    public let of: Int
  }

  public struct Point: Codable, Sendable, Equatable {
    public let epsilon: Double
    public let accuracy: Score
  }

  /// A flag with its texts, so that a file explains itself.
  public struct Flag: Codable, Sendable, Equatable {
    public let number: Int
    public let check: AuditCheck
    public let title: String
    public let severity: AuditCheck.Severity
    public let state: AuditFlag.State
    public let count: BinomialInterval
    public let tolerance: Double
    public let toleranceReason: String
    public let raisedIf: String
    public let meaning: String
    public let remedy: String
    public let detail: String

    init(_ flag: AuditFlag) {
      let check = flag.check
      self.check = check
      number = check.number
      title = check.title
      severity = flag.judgement.severity
      state = flag.state
      count = flag.count
      tolerance = flag.judgement.tolerance
      toleranceReason = flag.judgement.reason
      raisedIf = check.raisedIf
      meaning = check.meaning
      remedy = check.remedy
      detail = flag.detail
    }
  }

  init(_ job: AuditJob, _ report: AuditReport, layers: [AuditedLayer], seconds: Double) {
    (spikeguard, engine, created, machine) = Provenance.now
    network = job.loaded.recipe
    weights = job.loaded.path
    data = DatasetFacts(job.dataset)
    effort = job.effort
    released = job.released
    substitutes = job.substitutes.map(\.path)
    self.layers = layers
    seed = report.seed
    norm = report.threat.norm
    epsilon = report.threat.epsilon
    verdict = report.verdict
    draws = report.draws
    clean = Score(report.clean)
    ownGradient = report.ownGradient.map(Score.init)
    worstCase = report.worstCase.map(Score.init)
    attacks = report.outcomes.map {
      Attack(name: $0.name, fooled: $0.fooledCount, of: $0.fooled.count)
    }
    curve = report.curve.map { Point(epsilon: $0.epsilon, accuracy: Score($0.robustAccuracy)) }
    flags = report.flags.map(Flag.init)
    self.seconds = seconds
  }

  public var raised: [Flag] { flags.filter { $0.state == .raised } }
}

extension AuditResults {
  /// The verdict, one line.
  public var conclusion: String { verdict.sentence }

  /// Whether a raised flag speaks against the number; one that only has to be said beside it does not.
  public var speaksAgainst: Bool { raised.contains { $0.severity != .note } }
}

extension AuditResults.Flag {
  public var isMeasured: Bool { state != .notMeasured }

  /// `12/180`
  public var found: String { "\(count.successes)/\(count.trials)" }

  /// `2.1 % (1.1–4.0)`
  public var share: String { count.shareText }

  public var stateText: String {
    switch state {
    case .clear: "clear"
    case .seen: "seen, tolerated"
    case .raised: "RAISED"
    case .notMeasured: "not measured"
    }
  }

  /// `none`, or `1 %`.
  public var toleranceText: String {
    tolerance == 0 ? "none" : "\(NumberText.shortest((tolerance * 1000).rounded() / 10)) %"
  }
}

extension BinomialInterval {
  /// `2.1 % (1.1–4.0)`
  var shareText: String {
    let share = NumberText.decimal(100 * (proportion ?? 0), 1)
    return
      "\(share) % (\(NumberText.decimal(100 * lower, 1))–\(NumberText.decimal(100 * upper, 1)))"
  }
}
