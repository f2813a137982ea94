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
    if let collapse = progress.last.collapse {
      try logs?.log(collapse)
      try onEvent(.collapse(collapse))
    }
    try onEvent(.progress(progress))
  }

  /// After every epoch: what it came to, and whether it is the best so far.
  func finishEpoch(
    _ report: EpochReport, _ run: TrainingRun, _ onEvent: (TrainingEvent) throws -> Void
  ) throws {
    manifest.session.run = run.state
    let epoch = run.history.count
    try logs?.log(report, epoch: epoch, step: run.stepsDone)
    var criterion = BestEpoch(epoch: epoch, criterion: .trainingLoss, value: report.loss)
    if let validation = job.datasets.validation {
      let score = try evaluate(.validation, on: validation, run, onEvent)
      criterion = BestEpoch(
        epoch: epoch, criterion: .validationAccuracy, value: score.accuracy)
    }
    let isDue = job.running.evaluateEvery.map { epoch.isMultiple(of: $0) } ?? false
    if let test = job.datasets.test, isDue || run.isFinished {
      try evaluate(.test, on: test, run, onEvent)
    }
    let isBest = manifest.session.best?.isBeaten(by: criterion.value) ?? true
    if isBest { manifest.session.best = criterion }
    try save(run, onEvent)
    if isBest { try folder?.checkpoints.keepLastAsBest() }
  }

  /// Between steps: a checkpoint where one is due, and one before a stop.
  func keep(
    _ run: TrainingRun, shouldStop: () -> Bool, _ onEvent: (TrainingEvent) throws -> Void
  ) throws -> TrainingRun.Flow {
    // An epoch's end has just been saved.
    let isSaved = run.state.batch == 0
    if shouldStop() {
      if !isSaved { try save(run, onEvent) }
      return .stop
    }
    let every = job.running.checkpointEvery
    if !isSaved, let every, run.stepsDone.isMultiple(of: every) { try save(run, onEvent) }
    return .goOn
  }

  private func save(_ run: TrainingRun, _ onEvent: (TrainingEvent) throws -> Void) throws {
    manifest.session.run = run.state
    manifest.session.monitor = run.step.monitor
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

  @discardableResult
  private func evaluate(
    _ part: Evaluation.Part, on dataset: ImageDataset, _ run: TrainingRun,
    _ onEvent: (TrainingEvent) throws -> Void
  ) throws -> Score {
    let score = CleanEvaluation.score(model, job.network, on: dataset) { _ in }
    let evaluation = Evaluation(epoch: run.history.count, part: part, score: score)
    manifest.session.evaluations.append(evaluation)
    try logs?.log(evaluation, step: run.stepsDone)
    try onEvent(.evaluated(evaluation))
    return score
  }
}
