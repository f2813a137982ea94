/// A training run that cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case diverged(loss: Double, step: Int)
  /// Spikes can hide it from the loss: a neuron whose input is NaN stays silent.
  case gradientNotFinite(name: String, step: Int)
  /// After the last update of an epoch, which no later step looks at before the checkpoint is written.
  case weightsNotFinite(name: String, epoch: Int)

  public var description: String {
    switch self {
    case .diverged(let loss, let step):
      "the loss became \(loss) at step \(step); the weights are those of the step before. "
        + Self.remedy
    case .gradientNotFinite(let name, let step):
      "the gradient of '\(name)' became infinite or NaN at step \(step); the weights are those of "
        + "the step before. " + Self.remedy
    case .weightsNotFinite(let name, let epoch):
      "'\(name)' became infinite or NaN in epoch \(epoch + 1), of which no checkpoint is written. "
        + Self.remedy
    }
  }

  private static let remedy = "Lower the learning rate, or go on from the last checkpoint"
}
