import Training

// One type a kind of line in `metrics.jsonl`; `event` says which it is.

/// Averages over the steps since the line before.
struct StepRecord: Encodable {
  let event = "steps"
  let step: Int
  let epoch: Int
  let loss: Double
  let accuracy: Double
  let spikeRate: Double
  /// Of the last of these steps.
  let learningRate: Double
  let deflation: [DeflatedLayer]?

  /// - Parameter epoch: from 0.
  init(_ point: CurvePoint, epoch: Int, learningRate: Double) {
    self.learningRate = learningRate
    step = point.step
    self.epoch = epoch + 1
    loss = point.loss
    accuracy = point.accuracy
    spikeRate = point.spikeRate
    deflation = point.deflation
  }
}

struct EpochRecord: Encodable {
  let event = "epoch"
  let epoch: Int
  let step: Int
  let loss: Double
  let accuracy: Double
  let spikeRate: Double
  let images: Int
  let seconds: Double

  init(epoch: Int, step: Int, report: EpochReport) {
    self.epoch = epoch
    self.step = step
    loss = report.loss
    accuracy = report.accuracy
    spikeRate = report.spikeRate
    images = report.images
    seconds = report.seconds
  }
}

struct EvaluationRecord: Encodable {
  let event = "evaluation"
  let epoch: Int
  let part: Evaluation.Part
  let score: Score

  init(_ evaluation: Evaluation) {
    epoch = evaluation.epoch
    part = evaluation.part
    score = evaluation.score
  }
}

/// A collapse, when it is noticed; how it went on is in the checkpoint's monitor and in `results.json`.
struct CollapseRecord: Encodable {
  let event = "collapse"
  let step: Int
  let collapse: CollapseReport

  init(_ collapse: CollapseReport) {
    step = collapse.noticed
    self.collapse = collapse
  }
}

/// λ_max on the run's fixed images, after a step; 0 for before the first.
struct CurvatureRecord: Encodable {
  let event = "curvature"
  let step: Int
  let epoch: Int
  let curvature: CurvatureReading
  /// Seconds of all readings so far over those of the training steps so far; nil before the first.
  let shareOfTraining: Double?

  /// - Parameter epoch: from 0.
  init(_ reading: CurvatureReading, epoch: Int, shareOfTraining: Double?) {
    step = reading.step
    self.epoch = epoch + 1
    curvature = reading
    self.shareOfTraining = shareOfTraining
  }
}

/// Leading singular values of a step's gradients.
struct SpectrumRecord: Encodable {
  let event = "spectrum"
  let step: Int
  let epoch: Int
  let isForeign: Bool
  let spectrum: GradientSpectrum
  /// As in ``CurvatureRecord``.
  let shareOfTraining: Double?

  init(_ spectrum: GradientSpectrum, _ progress: TrainingProgress, shareOfTraining: Double?) {
    step = progress.stepsDone
    epoch = progress.epoch + 1
    isForeign = progress.last.isForeign
    self.spectrum = spectrum
    self.shareOfTraining = shareOfTraining
  }
}

struct PreviewRecord: Encodable {
  let event = "preview"
  let step: Int
  let preview: EarlyPreview

  init(_ preview: EarlyPreview, step: Int) {
    self.step = step
    self.preview = preview
  }
}
