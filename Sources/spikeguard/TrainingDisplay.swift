import Experiments
import Training

/// Shows a run's events on standard error.
final class TrainingDisplay {
  private let display: ProgressDisplay
  private let folder: RunFolder
  private(set) var stepsDone = 0

  init(_ display: ProgressDisplay, folder: RunFolder) {
    self.display = display
    self.folder = folder
  }

  func callAsFunction(_ event: TrainingEvent) {
    switch event {
    case .resumed(let resumption): show(resumption)
    case .nothingToResume(let folder):
      display.note("no checkpoint in \(folder): the run begins")
    case .progress(let progress):
      stepsDone = progress.stepsDone
      display.show(progress)
    case .preview(let preview): show(preview)
    case .collapse(let collapse): display.note("warning: \(collapse)")
    case .curvature(let reading, let share): show(reading, share)
    case .evaluated(let evaluation):
      display.note(
        "epoch \(evaluation.epoch): \(evaluation.part.rawValue) accuracy \(evaluation.score.cell)")
    case .saved(_, let steps): stepsDone = steps
    }
  }

  private func show(_ resumption: Resumption) {
    stepsDone = resumption.stepsDone
    if let damage = resumption.damage {
      display.note("warning: \(damage); going on from the checkpoint before it")
    }
    if resumption.endedAbruptly {
      display.note("the run before ended without a word: it was killed or lost its machine")
    }
    for note in resumption.notes { display.note("note: \(note)") }
    display.note("going on from \(resumption.checkpoint), after step \(resumption.stepsDone)")
  }

  private func show(_ reading: CurvatureReading, _ share: Double?) {
    let cost = share.map { ", \(ProgressDisplay.percent($0)) of the training time so far" } ?? ""
    let spent = "\(reading.products) products, \(ProgressDisplay.duration(reading.seconds))\(cost)"
    guard let value = reading.value, let residual = reading.residual else {
      display.note(
        "warning: step \(reading.step): λ_max not measured: \(reading.failure ?? "") (\(spent))")
      return
    }
    display.note(
      "step \(reading.step): λ_max \(ProgressDisplay.significant(value)), residual "
        + ProgressDisplay.significant(residual) + (reading.converged ? "" : ", not converged")
        + (reading.isSilent ? ", silent in evaluation mode: no spikes leave its last layer" : "")
        + " (\(spent))")
  }

  /// What was measured beside the training, in all; a sentence each.
  func showCost(_ measurements: RunMeasurements?, trainingSeconds: Double) {
    for (name, cost) in [
      ("λ_max", measurements?.curvature), ("gradient spectra", measurements?.spectra),
    ] {
      guard let cost else { continue }
      let share = cost.share(ofTraining: trainingSeconds).map(ProgressDisplay.percent) ?? "–"
      display.note(
        "\(name): \(cost.readings) readings in \(ProgressDisplay.duration(cost.seconds)), on top of "
          + "\(ProgressDisplay.duration(trainingSeconds)) of training steps: \(share)")
    }
  }

  private func show(_ preview: EarlyPreview) {
    let rates = preview.layers.map { "\($0.name) \(ProgressDisplay.percent($0.rate))" }
    display.note("spikes: " + rates.joined(separator: ", "))
    for warning in preview.warnings { display.note("warning: \(warning)") }
    display.note(
      "to expect: \(ProgressDisplay.duration(preview.secondsInAll)) for what is left, "
        + "\(ProgressDisplay.fixed(preview.secondsPerStep * 1000, 0)) ms a step, "
        + "\(preview.peakMemory >> 20) MiB of memory so far")
  }
}
