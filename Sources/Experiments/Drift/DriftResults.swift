import Foundation
import Spiking
import Torch
import Training

/// What a foreign batch did to a network, as a file holds it.
public struct DriftResults: Codable, Sendable, Equatable {
  /// A network with some weights and statistics.
  public struct State: Codable, Sendable, Equatable {
    /// Clean, on the test images.
    public let score: Score
    /// λ_max; nil where it was not asked for.
    public let curvature: CurvatureReading?
  }

  /// One kind of batch; roads are nil of a network without batch norm, which has only one.
  public struct Kind: Codable, Sendable, Equatable {
    public let kind: DriftKind
    /// As the step says it.
    public let presentation: String
    /// Whether the run was trained on batches of this kind: the control.
    public let isNative: Bool
    /// Of each foreign batch, before the step that it leads to, in training mode.
    public let losses: [Double]
    /// Why a step broke down; nil where none did.
    public let failure: String?
    /// ‖W′ − W‖ / ‖W‖
    public let weightsMoved: Double
    /// Of each batch norm, from S to S′.
    public let layers: [LayerDrift]
    /// (W, S′)
    public let statisticsOnly: State?
    /// (W′, S)
    public let weightsOnly: State?
    /// (W′, S′)
    public let both: State
    /// W′ with statistics made anew from clean batches.
    public let recomputed: State?
  }

  public let spikeguard: String
  public let engine: String
  public let created: String
  public let machine: Machine
  public let network: NetworkRecipe
  public let weights: String
  /// What the network was trained on, and what foreign batches were made of.
  public let trainedOn: DatasetFacts
  public let training: DatasetFacts
  public let test: DatasetFacts
  public let recipe: DriftRecipe
  /// The step's, in its order: what the gradient goes through.
  public let optimizer: String
  public let learningRate: Double
  public let batchSize: Int
  public let batchStatistics: BatchStatistics
  /// What share of the running statistics the foreign batches replace: 1 − (1 − m)ⁿ.
  public let statisticsReplaced: Double
  public let hasBatchNorm: Bool
  /// (W, S)
  public let before: State
  /// W with statistics made anew; nil without batch norm.
  public let beforeRecomputed: State?
  public let kinds: [Kind]
  public let seconds: Double

  init(
    _ job: DriftJob, before: State, beforeRecomputed: State?, kinds: [Kind], seconds: Double
  ) {
    let manifest = job.checkpoint.manifest
    let step = try? job.step(job.recipe.kinds[0])
    (spikeguard, engine, created, machine) = Provenance.now
    network = manifest.network
    weights = job.path
    trainedOn = manifest.dataset
    training = DatasetFacts(job.training)
    test = DatasetFacts(job.test)
    recipe = job.recipe
    let recipe = job.trainingRecipe(job.recipe.kinds[0])
    optimizer = step.map { "\($0.optimizer)" } ?? ""
    learningRate = recipe.learningRate
    batchSize = recipe.batchSize
    batchStatistics = recipe.batchStatistics
    statisticsReplaced = StatisticsRecomputation.replacedShare(
      moves: job.recipe.foreignBatches
        * StatisticsRecomputation.moves(recipe.batchStatistics, steps: manifest.network.steps))
    hasBatchNorm = job.hasBatchNorm
    self.before = before
    self.beforeRecomputed = beforeRecomputed
    self.kinds = kinds
    self.seconds = seconds
  }

  /// Whether every kind of batch that was asked for is in it.
  public var isComplete: Bool { kinds.count == recipe.kinds.count }

  /// What a reader must not miss, a sentence each.
  public var notes: [String] {
    var notes: [String] = []
    if !isComplete {
      notes.append(
        "stopped after \(kinds.count) of \(recipe.kinds.count) kinds of batches: the rest is missing"
      )
    }
    if !hasBatchNorm {
      notes.append(
        "the network has no batch norm: weights are the only road, and there are no statistics")
    }
    if trainedOn.crc32 != training.crc32 {
      notes.append(
        "the network was trained on \(trainedOn.name) (\(trainedOn.count) images), the foreign batches are "
          + "of \(training.name) (\(training.count) images)")
    }
    let states: [State?] =
      [before, beforeRecomputed]
      + kinds.flatMap { [$0.statisticsOnly, $0.weightsOnly, $0.both, $0.recomputed] }
    let readings = states.compactMap { $0?.curvature }
    if let failure = readings.compactMap(\.failure).first {
      notes.append("λ_max was not measured of every state: \(failure)")
    }
    let silent = readings.count { $0.isSilent }
    if silent > 0 {
      notes.append(
        "\(silent) of \(readings.count) readings of λ_max are of a network whose last layer of neurons emits "
          + "nothing")
    }
    for kind in kinds {
      if let failure = kind.failure { notes.append("\(kind.kind.rawValue): \(failure)") }
    }
    return notes
  }
}
