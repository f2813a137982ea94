import Datasets
import Layers
import Optimization
import Spiking
import Torch

extension TrainingStep {
  /// What the monitor is told of a step; nil without one, so that an unwatched run measures nothing.
  ///
  /// - Parameters:
  ///   - gradients: what the optimiser was given.
  ///   - statistics: batch norm's, from before the step.
  func observation(
    of result: LossGradients, _ gradients: NamedTensors, on batch: Batch, loss: Double,
    _ correct: Int, _ index: Int, _ isForeign: Bool, _ statistics: NamedTensors
  ) -> StepObservation? {
    guard let monitor else { return nil }
    var shares: [LeadingShare] = []
    if let deflation = optimizer.first(DominantSingularDeflation.self), !gradients.isEmpty {
      shares = LeadingShare.shares(in: deflation.report)
    } else if monitor.wantsLeadingShares(at: index, isForeign: isForeign) {
      shares = LeadingShare.measured(of: gradients)
    }
    return StepObservation(
      step: index, loss: loss, accuracy: Double(correct) / Double(batch.labels.count),
      images: batch.labels.count, classes: result.logits.size(2), isForeign: isForeign,
      leadingShares: shares,
      drift: BatchNormDrift.measured(from: statistics, to: network.buffers))
  }
}
