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
  var preview: PreviewRecorder
  /// Measures λ_max, if that was asked for.
  let probe: CurvatureProbe?

  init(
    _ job: TrainingJob, in folder: RunFolder?, _ start: TrainingJob.Start,
    onEvent: (TrainingEvent) throws -> Void
  ) throws {
    self.job = job
    self.folder = folder
    preview = PreviewRecorder(isSpiking: job.network.activation == .spiking)
    lock = try folder.map { try RunLock($0) }
    if start == .begin, let folder, folder.holdsRun { throw Self.holdsRun(folder) }
    let recipe = job.training
    let loader = DataLoader(
      job.datasets.training, batchSize: recipe.batchSize, order: .shuffled, seed: recipe.seed,
      augmentations: recipe.augmentations, workers: job.running.workers)
    let stepsInAll = recipe.epochs * loader.batchesPerEpoch
    model = try job.network.build(seed: recipe.seed)
    probe = Self.curvatureProbe(job, of: model)
    var step = try recipe.step(
      network: model, encoder: job.network.encoder,
      normalization: job.network.normalization ?? .identity(channels: job.network.channels),
      batchesPerEpoch: loader.batchesPerEpoch,
      monitor: job.running.monitors ? CollapseMonitor() : nil)
    step.spectrumInterval = job.running.spectrumEvery
    var manifest = RunManifest(
      network: job.network, training: recipe, dataset: DatasetFacts(job.datasets.training))
    manifest.session.curve.stepsPerPoint =
      job.stepsPerPoint ?? CurveRecorder.stepsPerPoint(stepsInAll: stepsInAll)
    var record = RunRecord(job.configuration, job.datasets, stepsInAll: stepsInAll)

    // Everything that can be wrong with the settings is known by now: nothing was lost.
    if start == .replace { try folder?.removeRun() }
    var resumption: Resumption?
    if start == .resume, let folder {
      if let found = try Self.restore(from: folder, model, &step.optimizer, expecting: manifest) {
        let before = try? RunRecord(contentsOf: folder)
        let state = found.manifest.session.run
        resumption = Resumption(
          checkpoint: found.path, stepsDone: state.epoch * loader.batchesPerEpoch + state.batch,
          damage: found.damage, endedAbruptly: before?.status == .running,
          notes: found.manifest.changes(to: manifest))
        manifest = found.manifest
        if let before { record.follow(before, from: resumption!.stepsDone) }
        if found.damage != nil { try folder.checkpoints.setDamagedAside() }
      } else {
        try Self.beginAnew(in: folder)
        try onEvent(.nothingToResume(folder: folder.path))
      }
    }
    // A monitor that is switched on later begins there.
    step.monitor = step.monitor.map { manifest.session.monitor ?? $0 }
    self.manifest = manifest
    self.record = record
    training = TrainingRun(
      step: step, loader: loader, epochs: recipe.epochs, state: manifest.session.run)
    let rate = recipe.schedule(batchesPerEpoch: loader.batchesPerEpoch)
    // A run that is done is looked at, not touched.
    let isDone = training.isFinished && !manifest.session.isEpochOpen
    let position = manifest.session.logs
    logs = isDone ? nil : try folder.map { try RunLogs($0, from: position) { rate($0) } }
    if var resumption {
      resumption.notes += logs?.notes ?? []
      try onEvent(.resumed(resumption))
    }
  }

  func run(
    shouldStop: () -> Bool, onEvent: (TrainingEvent) throws -> Void
  ) throws -> TrainingJob.Outcome {
    if isDone {
      try seeOffAgain()
      return outcome
    }
    let threads = Engine.threads
    Engine.threads = job.training.threads ?? threads
    defer { Engine.threads = threads }
    try begin()
    do {
      if training.stepsDone == 0 { try measureBeginning(onEvent) }
      // A run that was cut in an epoch's evaluation has that to do first.
      let goesOn =
        try !manifest.session.isEpochOpen || closeEpoch(training, shouldStop, onEvent)
      if goesOn {
        try training.train(
          onStep: { try observe($0, onEvent) },
          onEpoch: { try finishEpoch($0, $1, onEvent) },
          betweenSteps: { try keep($0, shouldStop: shouldStop, onEvent) })
      }
    } catch {
      try? reportLastCollapse(onEvent)
      try? conclude(.failed, failure: "\(error)")
      throw RunFailure(reason: error, folder: folder)
    }
    if isDone, let folder { try OutputFile.write(outcome.results.json(), to: folder.results) }
    try conclude(isDone ? .finished : .stopped)
    return outcome
  }

  private var isDone: Bool { training.isFinished && !manifest.session.isEpochOpen }

  /// A run that was killed after its last checkpoint has all but its last words.
  private func seeOffAgain() throws {
    guard let folder else { return }
    let hasResults = FileManager.default.fileExists(atPath: folder.results)
    let status = (try? RunRecord(contentsOf: folder))?.status
    guard !hasResults || status != .finished else { return }
    try OutputFile.write(outcome.results.json(), to: folder.results)
    try conclude(.finished)
  }

  /// A step that breaks down is reported by the monitor, too, and by nobody else.
  private func reportLastCollapse(_ onEvent: (TrainingEvent) throws -> Void) throws {
    guard let collapse = training.step.monitor?.collapses.last,
      collapse.noticed == training.stepsDone
    else { return }
    try logs?.log(collapse)
    _ = try logs?.position()
    try onEvent(.collapse(collapse))
  }

  private var outcome: TrainingJob.Outcome {
    TrainingJob.Outcome(
      network: model, optimizerState: training.step.optimizer.state, manifest: manifest,
      isFinished: isDone)
  }

  // MARK: Beginning and end

  /// What an earlier run left is not lost unless that was asked for.
  private static func holdsRun(_ folder: RunFolder) -> UsageError {
    UsageError(
      "\(folder.path): expected no earlier run, found one; go on from it with --resume, replace it "
        + "with --overwrite, or name another --out")
  }

  /// Nothing can be resumed: what a run left that was killed before its first checkpoint makes room.
  private static func beginAnew(in folder: RunFolder) throws {
    guard !folder.checkpoints.has(.best) else {
      throw UsageError(
        "\(folder.path): expected the last checkpoint or the one before it, found only the best; "
          + "train from the start in another --out, or give --overwrite")
    }
    try folder.removeRun()
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
    // Killed after the last checkpoint and before it became the best, too.
    let session = saved.manifest.session
    if found.damage == nil, !session.isEpochOpen, session.run.batch == 0,
      session.best?.epoch == session.run.epoch
    {
      try folder.checkpoints.keepLastAsBest()
    }
    return (saved.manifest, path, found.damage)
  }
}
