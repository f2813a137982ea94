import Attacks
import Datasets
import Foundation
import Spiking
import Torch
import Training

/// How much an audit spends.
public enum AuditEffort: String, Codable, Sendable, CaseIterable {
  /// 20 steps an attack.
  case quick
  /// 100 steps, 5000 queries.
  case standard

  var planned: AuditPlan.Effort { self == .quick ? .quick : .standard }
}

/// How far an audit is.
public struct AuditProgress: Sendable {
  /// The attack that runs.
  public let title: String
  /// Images, over all attacks.
  public let done: Int
  public let total: Int
}

/// Asks whether a network's robustness number can be believed.
public struct AuditJob: Sendable {
  public let loaded: LoadedNetwork
  /// All of it is audited.
  public let dataset: ImageDataset
  /// In pixel units, above 0.
  public let epsilon: Double
  public let effort: AuditEffort
  public let seed: UInt64
  /// The attacks; those of ``effort`` unless changed.
  public var plan: AuditPlan
  /// Other surrogates than the network's own, and substitutes made of its weights; those of ``effort`` unless changed.
  public var views: [NamedGradientView]
  /// Networks for the same task from which attacks are transferred.
  public var substitutes: [LoadedNetwork] = []
  /// Defects of the release's evaluation to put under audit; empty for a valid one.
  public var released: ReleasedProtocol = []
  public var batchSize = 100

  public init(
    _ loaded: LoadedNetwork, on dataset: ImageDataset, epsilon: Double,
    effort: AuditEffort = .quick, seed: UInt64 = 0
  ) {
    self.loaded = loaded
    self.dataset = dataset
    self.epsilon = epsilon
    self.effort = effort
    self.seed = seed
    views = loaded.recipe.activation == .spiking ? Self.views(of: effort) : []
    plan = .standard(epsilon: epsilon, effort: effort.planned)
  }

  /// - Throws: ``UsageError`` for settings that make no sense, `AttackError` otherwise.
  public func run(
    progress: (AuditProgress) -> Void = { _ in }
  ) throws -> AuditResults {
    guard epsilon > 0 else {
      throw UsageError(
        "--epsilon: expected above 0, found \(epsilon); without it there is no attack")
    }
    let clock = ContinuousClock.now
    let batches = DataLoader(dataset, batchSize: batchSize).epoch(0).map {
      LabeledImages(images: $0.images, labels: $0.labels)
    }
    var layers: [AuditedLayer] = []
    let report = try RobustnessAudit(plan, seed: seed)(
      try subject(), on: batches,
      progress: {
        progress(
          AuditProgress(
            title: $0.title, done: ($0.part - 1) * $0.imagesInAll + $0.images,
            total: $0.parts * $0.imagesInAll))
      }
    ) { (correct) throws(AttackError) -> [AuditFlag] in
      let flow = try layerFlow(correct)
      layers = flow.layers
      return [flow.flag]
    }
    return AuditResults(
      self, report, layers: layers, seconds: clock.duration(to: .now) / .seconds(1))
  }
}
