import Curvature
import Datasets
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// What one foreign batch does to a trained network, and by which road: its weights, or batch norm's running statistics.
///
/// The batch is the next one of the run's own training, shown as each ``DriftKind``. One step of the run's recipe gives weights W′
/// and statistics S′ in place of W and S; clean test accuracy is taken of (W, S), (W, S′), (W′, S), (W′, S′) and of W′ with
/// statistics made anew from clean batches. Every kind begins at (W, S). Files are only read.
public struct DriftJob {
  public let checkpoint: Checkpoint<RunManifest>
  public let path: String
  public let training: ImageDataset
  public let test: ImageDataset
  public let recipe: DriftRecipe
  let network: any SpikingNetwork

  /// - Throws: ``UsageError`` where data or settings do not fit the checkpoint.
  public init(
    checkpointAt path: String, training: ImageDataset, test: ImageDataset,
    recipe: DriftRecipe = DriftRecipe()
  ) throws {
    try recipe.check()
    self.path = path
    self.recipe = recipe
    checkpoint = try Checkpoint(contentsOf: path)
    self.training = training
    self.test = test
    let manifest = checkpoint.manifest
    network = try manifest.network.build(seed: 0)
    do { try network.load(checkpoint.weights) } catch { throw LoadError(path: path, reason: error) }
    let loaded = LoadedNetwork(network, recipe: manifest.network, path: path)
    for data in [training, test] {
      let shape = data.shape
      try loaded.check((shape.channels, shape.height, shape.width), classes: data.classes)
    }
    // What the run itself could not do is refused before anything is measured.
    for kind in recipe.kinds { _ = try step(kind) }
  }

  /// How far the work is.
  public struct Progress: Sendable {
    public let title: String
    public let done: Int
    public let total: Int
  }

  public var hasBatchNorm: Bool { !network.buffers.isEmpty }

  /// - Parameter shouldStop: asked before each state; the results then hold the kinds of batches that were measured to
  ///   their end, and say so.
  /// - Returns: nil where it was stopped before the first kind was done.
  /// - Throws: the attack's error; a step that breaks down is in the results.
  public func run(
    shouldStop: () -> Bool = { false }, progress: (Progress) -> Void = { _ in }
  ) throws -> DriftResults? {
    let clock = ContinuousClock.now
    let origin = NetworkState(of: network)
    defer { origin.put(into: network) }
    let batches = nextBatches(recipe.foreignBatches + recipe.recomputedFrom)
    let foreign = Array(batches.prefix(recipe.foreignBatches))
    let clean = Array(batches.dropFirst(recipe.foreignBatches))
    let perKind = hasBatchNorm ? 4 : 1
    let total = (hasBatchNorm ? 2 : 1) + recipe.kinds.count * perKind
    var done = 0
    func measure(_ state: NetworkState, _ title: String) throws -> DriftResults.State {
      guard !shouldStop() else { throw Stopped() }
      progress(Progress(title: title, done: done, total: total))
      state.put(into: network)
      defer { done += 1 }
      return try measured()
    }
    func recomputed(_ state: NetworkState, _ title: String) throws -> DriftResults.State {
      state.put(into: network)
      return try measure(state.with(statistics: statistics(over: clean)), title)
    }
    func measureKind(_ kind: DriftKind) throws -> DriftResults.Kind {
      origin.put(into: network)
      let moved = try self.moved(kind, foreign)
      let after = NetworkState(of: network)
      let name = kind.rawValue
      return DriftResults.Kind(
        kind: kind, presentation: moved.presentation,
        isNative: kind.isNative(to: checkpoint.manifest.training.exposure),
        losses: moved.losses, failure: moved.failure,
        weightsMoved: origin.relativeDistance(to: after),
        layers: LayerDrift.measured(from: origin.statistics, to: after.statistics),
        statisticsOnly: hasBatchNorm
          ? try measure(origin.with(statistics: after.statistics), name + ", statistics") : nil,
        weightsOnly: hasBatchNorm
          ? try measure(after.with(statistics: origin.statistics), name + ", weights") : nil,
        both: try measure(after, name + ", both"),
        recomputed: hasBatchNorm ? try recomputed(after, name + ", statistics made anew") : nil)
    }
    var kinds: [DriftResults.Kind] = []
    do {
      let before = try measure(origin, "before")
      let beforeRecomputed =
        hasBatchNorm ? try recomputed(origin, "before, statistics made anew") : nil
      do { for kind in recipe.kinds { kinds.append(try measureKind(kind)) } } catch is Stopped {
        guard !kinds.isEmpty else { return nil }
      }
      progress(Progress(title: "done", done: done, total: total))
      return DriftResults(
        self, before: before, beforeRecomputed: beforeRecomputed, kinds: kinds,
        seconds: clock.duration(to: .now) / .seconds(1))
    } catch is Stopped { return nil }
  }

  /// Somebody wishes to stop: what is half measured is given up.
  private struct Stopped: Error {}

  // MARK: Steps

  /// The run's recipe with the job's changes.
  func trainingRecipe(_ kind: DriftKind) -> TrainingRecipe {
    var training = checkpoint.manifest.training
    training.exposure = kind.exposure(
      epsilon: recipe.epsilon, noiseDeviation: recipe.noiseDeviation)
    training.learningRate = recipe.learningRate ?? training.learningRate
    training.decay = .constant
    training.warmupEpochs = 0
    training.deflation = recipe.deflation ?? training.deflation
    training.batchStatistics = recipe.batchStatistics ?? training.batchStatistics
    return training
  }

  func step(_ kind: DriftKind) throws -> TrainingStep {
    let manifest = checkpoint.manifest
    let training = trainingRecipe(kind)
    try training.checkUnrolling(of: manifest.network)
    var step = try training.step(
      network: network, encoder: manifest.network.encoder,
      normalization: manifest.network.normalization
        ?? .identity(channels: manifest.network.channels),
      batchesPerEpoch: loader.batchesPerEpoch, monitor: nil)
    if recipe.momentum == .checkpoint {
      let saved = checkpoint.optimizerState
      // A chain without deflation has no use for where its search would start.
      let strangers = Set(step.optimizer.strangers(in: saved))
      step.optimizer.state = saved.filter { !strangers.contains($0) }
    }
    return step
  }

  /// Trains the network on the foreign batches.
  private func moved(
    _ kind: DriftKind, _ batches: [Batch]
  ) throws -> (presentation: String, losses: [Double], failure: String?) {
    var step = try step(kind)
    let presentation = "\(step.exposure)"
    var losses: [Double] = []
    for (index, batch) in batches.enumerated() {
      do { losses.append(try step(batch, index: stepsDone + index).loss) } catch let error
        as TrainingError
      {
        return (presentation, losses, "\(error)")
      }
    }
    return (presentation, losses, nil)
  }

  /// Of the run, at the checkpoint's last whole epoch: there the foreign batches' epoch begins.
  private var stepsDone: Int {
    checkpoint.manifest.session.run.epoch * loader.batchesPerEpoch
  }

  private var loader: DataLoader {
    let training = checkpoint.manifest.training
    return DataLoader(
      self.training, batchSize: training.batchSize, order: .shuffled, seed: training.seed,
      augmentations: training.augmentations)
  }

  /// Those of the epoch after the checkpoint's last whole one, and of the epochs after it where that has too few.
  private func nextBatches(_ count: Int) -> [Batch] {
    var batches: [Batch] = []
    var epoch = checkpoint.manifest.session.run.epoch
    while batches.count < count {
      for batch in loader.epoch(epoch) where batches.count < count { batches.append(batch) }
      epoch += 1
    }
    return batches
  }

  // MARK: Measurements

  private func statistics(over batches: [Batch]) -> NamedTensors {
    let manifest = checkpoint.manifest
    return StatisticsRecomputation.statistics(
      of: network, manifest.network.encoder, over: batches,
      recipe.batchStatistics ?? manifest.training.batchStatistics, seed: manifest.training.seed)
  }

  private func measured() throws -> DriftResults.State {
    let manifest = checkpoint.manifest
    let score = try CleanEvaluation.score(
      network, manifest.network, on: test, seed: manifest.training.seed)
    let curvature = recipe.curvatureImages.map { count in
      CurvatureProbe(
        of: network, manifest.network.encoder, on: training.prefix(count),
        seed: manifest.training.seed
      ).reading(at: stepsDone)
    }
    return DriftResults.State(score: score, curvature: curvature)
  }
}
