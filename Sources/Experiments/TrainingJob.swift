import Datasets
import Foundation
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// Trains a network by a recipe and keeps a checkpoint after every epoch.
public struct TrainingJob: Sendable {
  public let network: NetworkRecipe
  public let training: TrainingRecipe
  public let dataset: ImageDataset
  /// The checkpoint's file.
  public let checkpoint: String
  /// How many steps one point of the curve averages over.
  public let stepsPerPoint: Int

  public init(
    network: NetworkRecipe, training: TrainingRecipe, dataset: ImageDataset, checkpoint: String,
    stepsPerPoint: Int = 20
  ) throws {
    try training.check(imageSize: network.imageSize)
    self.network = network
    self.training = training
    self.dataset = dataset
    self.checkpoint = checkpoint
    self.stepsPerPoint = stepsPerPoint
  }

  public struct Outcome: Sendable {
    public let network: any SpikingNetwork
    public let manifest: RunManifest
    public var curve: [CurvePoint] { manifest.curve }
    /// How often the fast solver gave way to a full decomposition; nil without deflation.
    public var deflationFallbacks: Int? {
      let counts = curve.compactMap(\.deflationFallbacks)
      return counts.isEmpty ? nil : counts.reduce(0, +)
    }
    /// Of all epochs, those before the run was continued included.
    public var seconds: Double { manifest.history.reduce(0) { $0 + $1.seconds } }
  }

  /// - Parameter resuming: go on from the checkpoint if there is one of the same recipe; else it is replaced.
  /// - Throws: ``UsageError`` when the checkpoint is of another recipe.
  public func run(
    resuming: Bool = false, onProgress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> Outcome {
    let model = try network.build(seed: training.seed)
    var manifest = RunManifest(
      network: network, training: training, dataset: DatasetFacts(dataset))
    let loader = DataLoader(
      dataset, batchSize: training.batchSize, order: .shuffled, seed: training.seed,
      augmentations: training.augmentations)
    var optimizer = training.optimizer(stepsInAll: training.epochs * loader.batchesPerEpoch)
    if resuming, FileManager.default.fileExists(atPath: checkpoint) {
      manifest = try restore(&optimizer, model, expecting: manifest)
    }

    let step = TrainingStep(
      network: model, encoder: network.encoder,
      objective: PerStepCrossEntropy(meanSquareWeight: training.meanSquareWeight),
      optimizer: optimizer)
    var run = TrainingRun(
      step: step, loader: loader, epochs: training.epochs, history: manifest.history)
    var curve = CurveRecorder(stepsPerPoint: stepsPerPoint, points: manifest.curve)
    try run.train(
      onStep: { progress in
        curve.add(progress)
        try onProgress(progress)
      },
      onEpoch: { report, run in
        manifest.history.append(report)
        manifest.curve = curve.points
        try Checkpoint(
          weights: model.weights, optimizerState: run.step.optimizer.state, manifest: manifest
        ).write(to: checkpoint)
        try OutputFile.write(manifest.json(), to: checkpoint + ".json")
      })
    return Outcome(network: model, manifest: manifest)
  }

  /// Reads the checkpoint back; what is returned is its manifest.
  private func restore(
    _ optimizer: inout Optimizer, _ model: any SpikingNetwork, expecting ours: RunManifest
  ) throws -> RunManifest {
    let saved = try Checkpoint<RunManifest>(contentsOf: checkpoint)
    let differences = try saved.manifest.differences(from: ours)
    guard differences.isEmpty else {
      throw UsageError(
        "\(checkpoint): expected a checkpoint of the same options and data, found "
          + "\(differences.joined(separator: ", ")); give the options that it was started with, "
          + "or another --out")
    }
    do { try model.load(saved.weights) } catch { throw LoadError(path: checkpoint, reason: error) }
    let strangers = optimizer.strangers(in: saved.optimizerState)
    guard strangers.isEmpty else {
      throw UsageError(
        "\(checkpoint): expected optimiser state of \(optimizer), found '\(strangers[0])'; "
          + "the file was changed: start anew in another --out")
    }
    optimizer.state = saved.optimizerState
    return saved.manifest
  }
}
