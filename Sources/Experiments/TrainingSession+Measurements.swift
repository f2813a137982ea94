import Datasets
import Spiking
import Training

/// What is measured beside the training. It changes no bit of it.
extension TrainingSession {
  /// Always the same images, as they are: the first of the training set.
  static func curvatureProbe(_ job: TrainingJob, of model: any SpikingNetwork) -> CurvatureProbe? {
    guard job.running.curvatureEvery != nil else { return nil }
    return CurvatureProbe(
      of: model, job.network.encoder,
      on: job.datasets.training.prefix(job.running.curvatureImages), seed: job.training.seed)
  }

  /// λ_max of the weights that no step has moved.
  func measureBeginning(_ onEvent: (TrainingEvent) throws -> Void) throws {
    try measureCurvature(step: 0, epoch: 0, trainingSeconds: 0, onEvent)
  }

  /// What is due after a step.
  func measure(
    _ progress: TrainingProgress, _ onEvent: (TrainingEvent) throws -> Void
  ) throws {
    let seconds =
      manifest.session.run.history.reduce(0) { $0 + $1.seconds } + progress.soFar.seconds
    if let spectrum = progress.last.spectrum {
      manifest.session.measure { $0.add(spectrum) }
      try logs?.log(
        SpectrumRecord(
          spectrum, progress,
          shareOfTraining: manifest.session.measurements?.spectra?.share(ofTraining: seconds)))
    }
    if let every = job.running.curvatureEvery, progress.stepsDone.isMultiple(of: every) {
      try measureCurvature(
        step: progress.stepsDone, epoch: progress.epoch, trainingSeconds: seconds, onEvent)
    }
  }

  private func measureCurvature(
    step: Int, epoch: Int, trainingSeconds: Double, _ onEvent: (TrainingEvent) throws -> Void
  ) throws {
    guard let probe else { return }
    let reading = probe.reading(at: step)
    manifest.session.measure { $0.add(reading) }
    let share = manifest.session.measurements?.curvature?.share(ofTraining: trainingSeconds)
    try logs?.log(CurvatureRecord(reading, epoch: epoch, shareOfTraining: share))
    try onEvent(.curvature(reading, shareOfTraining: share))
  }
}

extension SessionState {
  fileprivate mutating func measure(_ add: (inout RunMeasurements) -> Void) {
    var all = measurements ?? RunMeasurements()
    add(&all)
    measurements = all
  }
}
