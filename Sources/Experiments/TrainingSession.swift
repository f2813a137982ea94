import Datasets
import Foundation
import Layers
import Optimization
import Spiking
import Torch
import Training

/// One run of a ``TrainingJob``: its parts at work, and the order in which they see a step.
final class TrainingSession {
  let job: TrainingJob
  let folder: RunFolder?
  let model: any SpikingNetwork
  var manifest: RunManifest
  private var training: TrainingRun
  /// Held as long as the session lives.
  private let lock: RunLock?
  let logs: RunLogs?
  var record: RunRecord
  var preview = PreviewRecorder()

  init(
    _ job: TrainingJob, in folder: RunFolder?, _ start: TrainingJob.Start,
    onEvent: (TrainingEvent) throws -> Void
  ) throws {
    self.job = job
    self.folder = folder
    lock = try folder.map { try RunLock($0) }
    try folder.map { try Self.clear($0, start) }
    let recipe = job.training
    let loader = DataLoader(
      job.datasets.training, batchSize: recipe.batchSize, order: .shuffled, seed: recipe.seed,
      augmentations: recipe.augmentations, workers: job.running.workers)
    let stepsInAll = recipe.epochs * loader.batchesPerEpoch
    model = try job.network.build(seed: recipe.seed)
    var step = try recipe.step(
      network: model, encoder: job.network.encoder,
      normalization: job.network.normalization ?? .identity(channels: job.network.channels),
      batchesPerEpoch: loader.batchesPerEpoch,
      monitor: job.running.monitors ? CollapseMonitor() : nil)
    var manifest = RunManifest(
      network: job.network, training: recipe, dataset: DatasetFacts(job.datasets.training))
    manifest.session.curve.stepsPerPoint =
      job.stepsPerPoint ?? CurveRecorder.stepsPerPoint(stepsInAll: stepsInAll)
    var record = RunRecord(job.configuration, job.datasets, stepsInAll: stepsInAll)

    var resumption: Resumption?
    if start == .resume, let folder,
      let found = try Self.restore(from: folder, model, &step.optimizer, expecting: manifest)
    {
      manifest = found.manifest
      let before = try? RunRecord(contentsOf: folder)
      record.started = before?.started ?? record.started
      let state = manifest.session.run
      resumption = Resumption(
        checkpoint: found.path, stepsDone: state.epoch * loader.batchesPerEpoch + state.batch,
        damage: found.damage, endedAbruptly: before?.status == .running)
    }
    // A monitor that is switched on later begins there.
    step.monitor = step.monitor.map { manifest.session.monitor ?? $0 }
    self.manifest = manifest
    self.record = record
    training = TrainingRun(
      step: step, loader: loader, epochs: recipe.epochs, state: manifest.session.run)
    let rate = recipe.schedule(batchesPerEpoch: loader.batchesPerEpoch)
    // A run that is done is looked at, not touched.
    let position = manifest.session.logs
    logs =
      training.isFinished
      ? nil : try folder.map { try RunLogs($0, from: position) { rate($0) } }
    if let resumption { try onEvent(.resumed(resumption)) }
  }

  func run(
    shouldStop: () -> Bool, onEvent: (TrainingEvent) throws -> Void
  ) throws -> TrainingJob.Outcome {
    if training.isFinished { return outcome }
    let threads = Engine.threads
    Engine.threads = job.training.threads ?? threads
    defer { Engine.threads = threads }
    try begin()
    do {
      try training.train(
        onStep: { try observe($0, onEvent) },
        onEpoch: { try finishEpoch($0, $1, onEvent) },
        betweenSteps: { try keep($0, shouldStop: shouldStop, onEvent) })
    } catch {
      try? conclude(.failed, failure: "\(error)")
      throw RunFailure(reason: error, folder: folder)
    }
    if training.isFinished, let folder {
      try OutputFile.write(outcome.results.json(), to: folder.results)
    }
    try conclude(training.isFinished ? .finished : .stopped)
    return outcome
  }

  private var outcome: TrainingJob.Outcome {
    TrainingJob.Outcome(
      network: model, optimizerState: training.step.optimizer.state, manifest: manifest,
      isFinished: training.isFinished)
  }

  // MARK: Beginning and end

  /// What an earlier run left is not lost unless that was asked for.
  private static func clear(_ folder: RunFolder, _ start: TrainingJob.Start) throws {
    guard folder.holdsRun else { return }
    switch start {
    case .resume: break
    case .replace: try folder.removeRun()
    case .begin:
      throw UsageError(
        "\(folder.path): expected no earlier run, found one; go on from it with --resume, replace "
          + "it with --overwrite, or name another --out")
    }
  }

  /// What is written before the first step, so that a killed run leaves its options, too.
  private func begin() throws {
    guard let folder else { return }
    try folder.checkpoints.removeLeftovers()
    try OutputFile.write(Data(job.configuration.yaml.utf8), to: folder.configuration)
    record.stepsDone = training.stepsDone
    try record.write(to: folder)
  }

  private func conclude(_ status: RunRecord.Status, failure: String? = nil) throws {
    guard let folder else { return }
    record.status = status
    record.failure = failure
    record.stepsDone = training.stepsDone
    try record.write(to: folder)
  }

  // MARK: Resuming

  /// Reads the last usable checkpoint back into model and optimiser; nil where there is none.
  private static func restore(
    from folder: RunFolder, _ model: any SpikingNetwork, _ optimizer: inout Optimizer,
    expecting ours: RunManifest
  ) throws -> (manifest: RunManifest, path: String, damage: String?)? {
    guard let found = try folder.checkpoints.load(RunManifest.self) else { return nil }
    let (saved, path) = (found.checkpoint, found.path)
    let differences = try saved.manifest.differences(from: ours)
    guard differences.isEmpty else {
      throw UsageError(
        "\(path): expected a checkpoint of the same options and data, found "
          + "\(differences.joined(separator: ", ")); give the options that it was started with, "
          + "or another --out")
    }
    do { try model.load(saved.weights) } catch { throw LoadError(path: path, reason: error) }
    let strangers = optimizer.strangers(in: saved.optimizerState)
    guard strangers.isEmpty else {
      throw UsageError(
        "\(path): expected optimiser state of \(optimizer), found '\(strangers[0])'; "
          + "the file was changed: start anew in another --out")
    }
    optimizer.state = saved.optimizerState
    return (saved.manifest, path, found.damage)
  }
}
