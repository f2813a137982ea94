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
    guard training.epochs >= 1, training.batchSize >= 1 else {
      throw UsageError("epochs and batch size must be at least 1")
    }
    guard training.learningRate > 0, training.momentum >= 0, training.momentum < 1,
      training.weightDecay >= 0, (0...1).contains(training.meanSquareWeight)
    else {
      throw UsageError(
        "expected learning rate > 0, 0 ≤ momentum < 1, weight decay ≥ 0 and "
          + "0 ≤ mean-square weight ≤ 1")
    }
    self.network = network
    self.training = training
    self.dataset = dataset
    self.checkpoint = checkpoint
    self.stepsPerPoint = stepsPerPoint
  }

  public struct Outcome: Sendable {
    public let network: VGG
    public let manifest: RunManifest
    public let curve: [CurvePoint]
    public let seconds: Double
  }

  /// - Parameter resuming: go on from the checkpoint if there is one of the same recipe.
  /// - Throws: ``UsageError`` when the checkpoint is of another recipe.
  public func run(
    resuming: Bool = false, onProgress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> Outcome {
    let start = ContinuousClock.now
    let model = try network.build(seed: training.seed)
    var manifest = RunManifest(
      network: network, training: training, dataset: DatasetFacts(dataset))
    let loader = DataLoader(
      dataset, batchSize: training.batchSize, order: .shuffled, seed: training.seed,
      augmentations: training.augmentations)
    var optimizer = training.optimizer(stepsInAll: training.epochs * loader.batchesPerEpoch)

    if resuming, FileManager.default.fileExists(atPath: checkpoint) {
      let saved = try Checkpoint<RunManifest>(contentsOf: checkpoint)
      try check(saved.manifest, against: manifest)
      try model.load(saved.weights)
      optimizer.state = saved.optimizerState
      manifest = saved.manifest
    }

    let step = TrainingStep(
      network: model, encoder: network.encoder,
      objective: PerStepCrossEntropy(meanSquareWeight: training.meanSquareWeight),
      optimizer: optimizer)
    var run = TrainingRun(
      step: step, loader: loader, epochs: training.epochs, history: manifest.history)
    var curve = CurveRecorder(stepsPerPoint: stepsPerPoint)
    try run.train(
      onStep: { progress in
        curve.add(progress)
        try onProgress(progress)
      },
      onEpoch: { report, run in
        manifest.history.append(report)
        try Checkpoint(
          weights: model.weights, optimizerState: run.step.optimizer.state, manifest: manifest
        ).write(to: checkpoint)
        try OutputFolder.write(manifest.json(), to: checkpoint + ".json")
      })
    return Outcome(
      network: model, manifest: manifest, curve: curve.points,
      seconds: start.duration(to: .now) / .seconds(1))
  }

  private func check(_ saved: RunManifest, against ours: RunManifest) throws {
    guard saved.network == ours.network, saved.training == ours.training,
      saved.dataset == ours.dataset
    else {
      throw UsageError(
        "\(checkpoint): expected a checkpoint of the same options and data, found other ones; "
          + "give the options it was started with, or another --out")
    }
  }
}

/// Averages steps into points of a curve.
struct CurveRecorder {
  let stepsPerPoint: Int
  private(set) var points: [CurvePoint] = []
  private var pending: [StepReport] = []

  init(stepsPerPoint: Int) { self.stepsPerPoint = stepsPerPoint }

  mutating func add(_ progress: TrainingProgress) {
    pending.append(progress.last)
    guard pending.count == stepsPerPoint || progress.stepsDone == progress.stepsInAll else {
      return
    }
    let steps = pending
    let images = Double(steps.reduce(0) { $0 + $1.count })
    func weighted(_ value: (StepReport) -> Double) -> Double {
      steps.reduce(0) { $0 + value($1) * Double($1.count) } / images
    }
    points.append(
      CurvePoint(
        step: progress.stepsDone, loss: weighted(\.loss),
        accuracy: Double(steps.reduce(0) { $0 + $1.correct }) / images,
        spikeRate: weighted(\.spikeRate)))
    pending = []
  }
}
