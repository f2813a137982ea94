import Attacks
import Datasets

/// An evaluation as options say it: all that its numbers depend on, beside network, data and substitutes.
public struct EvaluationRecipe: Codable, Sendable, Equatable {
  /// How much is tried.
  public enum Effort: String, Codable, Sendable, CaseIterable {
    /// No suite: for the sweeps alone.
    case none
    /// Minutes on a small network: one adaptive sharpness, the three best surrogates, a short Square.
    case quick
    /// What a paper should report.
    case standard
    /// Every view of the catalogue, more restarts, more queries.
    case full
  }

  /// A table beside the suite, on the same images, L∞, in the papers' protocol: PGD with α = 0.01 from a random
  /// start, K = 7 unless swept.
  public enum Sweep: String, Codable, Sendable, CaseIterable {
    /// FGSM and PGD-7 at ε = 0, 2, 4, 6, 8, 16, 32, 64, 128 of 255.
    case epsilon
    /// PGD with K = 7, 10, 15, 20, 30, … 80.
    case steps
    /// FGSM and PGD-7 on the network itself against the same attacks on each substitute.
    case blackBox = "black-box"
  }

  /// How a change is measured, by the names that files have them by.
  public enum Norm: String, Codable, Sendable, CaseIterable { case linf, l2 }

  public var threat = ThreatModel.linf(8 / 255)
  public var effort = Effort.standard
  /// In the order in which they are run.
  public var sweeps: [Sweep] = []
  public var batchSize = 250
  public var seed: UInt64 = 0

  public init() {}

  /// - Parameter epsilon: in pixel units.
  public init(_ norm: Norm, epsilon: Double) {
    threat = ThreatModel(norm == .linf ? .linf : .l2, epsilon: epsilon)
  }

  static let epsilons = [0, 2, 4, 6, 8, 16, 32, 64, 128].map { Double($0) / 255 }
  /// What the papers' protocol cannot show.
  public static let epsilonSweepNote =
    "PGD-7 with steps of 0.01 moves a pixel by at most 0.07 beyond its start, so that for larger ε it is not "
    + "the strongest attack."
  static let stepCounts = [7, 10, 15, 20, 30, 40, 50, 60, 70, 80]

  static func pgd(_ epsilon: Double, steps: Int = 7) -> AttackRecipe {
    .pgd(epsilon: epsilon, stepSize: 0.01, steps: steps, restarts: 1, randomStart: true)
  }

  /// - Throws: ``UsageError`` for what does not fit together.
  func check(substitutes: Int) throws {
    do { try threat.check() } catch { throw UsageError("\(error)") }
    if threat.norm != .linf, let sweep = sweeps.first {
      throw UsageError(
        "--sweep \(sweep.rawValue): expected --norm linf, found \(threat.norm.rawValue); the papers' "
          + "sweeps are L∞")
    }
    guard effort != .none || !sweeps.isEmpty else {
      throw UsageError("--effort none: expected a --sweep beside it, found none; nothing would run")
    }
  }
}

/// Another network that adversarial images are made on.
public struct Substitute: Sendable {
  /// As it stands in a table: the path that it was named by.
  public let name: String
  public let loaded: LoadedNetwork

  public init(name: String, _ loaded: LoadedNetwork) {
    self.name = name
    self.loaded = loaded
  }
}

/// What an evaluation's numbers depend on: two with the same facts give the same.
struct EvaluationFacts: Codable, Sendable, Equatable {
  let recipe: EvaluationRecipe
  /// ``LoadedNetwork/digest()``
  let network: String
  let data: DatasetFacts
  let originals: String
  /// Names and digests, in order.
  let substitutes: [[String]]
}
