import Datasets
import Layers
import Optimization
import Spiking
import Training

extension TrainingSession {
  /// After every step.
  func observe(
    _ progress: TrainingProgress, _ onEvent: (TrainingEvent) throws -> Void
  ) throws {
    if let point = manifest.session.curve.add(progress) {
      try logs?.log(point, epoch: progress.epoch)
    }
    if let preview = preview.add(progress, names: model.neuronLayerNames) {
      try logs?.log(preview, step: progress.stepsDone)
      try onEvent(.preview(preview))
    }
    try measure(progress, onEvent)
    if let collapse = progress.last.collapse {
      try logs?.log(collapse)
      try onEvent(.collapse(collapse))
    }
    try onEvent(.progress(progress))
  }

  /// After every epoch. Its evaluations follow between the steps, where they can be interrupted: a checkpoint from
  /// before them loses no step.
  func finishEpoch(
    _ report: EpochReport, _ run: TrainingRun, _ onEvent: (TrainingEvent) throws -> Void
  ) throws {
    manifest.session.run = run.state
    let epoch = run.history.count
    try logs?.log(report, epoch: epoch, step: run.stepsDone)
    manifest.session.isEpochOpen = true
    if job.datasets.validation != nil || testIsDue(run) { try save(run, onEvent) }
  }

  private func testIsDue(_ run: TrainingRun) -> Bool {
    let isDue =
      job.running.evaluateEvery.map { run.history.count.isMultiple(of: $0) } ?? false
    return job.datasets.test != nil && (isDue || run.isFinished)
  }

  /// The evaluations of the epoch that was just trained, and whether it is the best so far.
  ///
  /// - Returns: false where it was told to stop; the epoch stays open.
  func closeEpoch(
    _ run: TrainingRun, _ shouldStop: () -> Bool, _ onEvent: (TrainingEvent) throws -> Void
  ) throws -> Bool {
    let epoch = run.history.count
    var criterion = BestEpoch(
      epoch: epoch, criterion: .trainingLoss, value: run.history.last!.loss)
    if let validation = job.datasets.validation {
      guard let score = try evaluate(.validation, on: validation, run, shouldStop, onEvent) else {
        return false
      }
      criterion = BestEpoch(
        epoch: epoch, criterion: .validationAccuracy, value: score.accuracy)
    }
    if let test = job.datasets.test, testIsDue(run),
      try evaluate(.test, on: test, run, shouldStop, onEvent) == nil
    {
      return false
    }
    let isBest = manifest.session.best?.isBeaten(by: criterion.value) ?? true
    if isBest { manifest.session.best = criterion }
    manifest.session.isEpochOpen = false
    try save(run, onEvent)
    if isBest { try folder?.checkpoints.keepLastAsBest() }
    return true
  }

  /// Between steps: a checkpoint where one is due, and one before a stop.
  func keep(
    _ run: TrainingRun, shouldStop: () -> Bool, _ onEvent: (TrainingEvent) throws -> Void
  ) throws -> TrainingRun.Flow {
    if manifest.session.isEpochOpen {
      guard try closeEpoch(run, shouldStop, onEvent) else { return .stop }
      return shouldStop() ? .stop : .goOn
    }
    let stops = shouldStop()
    let isDue = job.running.checkpointEvery.map { run.stepsDone.isMultiple(of: $0) } ?? false
    if stops || isDue { try save(run, onEvent) }
    return stops ? .stop : .goOn
  }

  private func save(_ run: TrainingRun, _ onEvent: (TrainingEvent) throws -> Void) throws {
    manifest.session.run = run.state
    // A monitor that is switched off leaves what it found.
    manifest.session.monitor = run.step.monitor ?? manifest.session.monitor
    guard let folder else { return }
    try run.checkWeights()
    manifest.session.logs = try logs?.position() ?? manifest.session.logs
    try folder.checkpoints.save(
      Checkpoint(
        weights: model.weights, optimizerState: run.step.optimizer.state, manifest: manifest))
    record.stepsDone = run.stepsDone
    try record.write(to: folder)
    try onEvent(.saved(checkpoint: folder.checkpoints.path(.last), stepsDone: run.stepsDone))
  }

  private struct Stopped: Error {}

  /// - Returns: nil where it was told to stop.
  private func evaluate(
    _ part: Evaluation.Part, on dataset: ImageDataset, _ run: TrainingRun,
    _ shouldStop: () -> Bool, _ onEvent: (TrainingEvent) throws -> Void
  ) throws -> Score? {
    let score: Score
    do {
      score = try CleanEvaluation.score(
        model, job.network, on: dataset, seed: job.training.seed
      ) { _ in if shouldStop() { throw Stopped() } }
    } catch is Stopped { return nil }
    let evaluation = Evaluation(epoch: run.history.count, part: part, score: score)
    manifest.session.evaluations.append(evaluation)
    try logs?.log(evaluation, step: run.stepsDone)
    try onEvent(.evaluated(evaluation))
    return score
  }
}
