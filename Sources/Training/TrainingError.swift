/// A training run that cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case diverged(loss: Double, step: Int)
  /// Spikes can hide it from the loss: a neuron whose input is NaN stays silent.
  case gradientNotFinite(name: String, step: Int)
  /// Found before weights are kept: no later step has looked at the last update yet.
  case weightsNotFinite(name: String, step: Int)

  public var description: String {
    switch self {
    case .diverged(let loss, let step):
      "the loss became \(loss) at step \(step); the weights are those of the step before. "
        + Self.remedy
    case .gradientNotFinite(let name, let step):
      "the gradient of '\(name)' became infinite or NaN at step \(step); the weights are those of "
        + "the step before. " + Self.remedy
    case .weightsNotFinite(let name, let step):
      "'\(name)' became infinite or NaN in step \(step); no checkpoint is written of it. "
        + Self.remedy
    }
  }

  private static let remedy = "Lower the learning rate"
}
