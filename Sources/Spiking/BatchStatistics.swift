/// Over which time steps batch norm gathers its statistics in training mode.
///
/// In evaluation mode, and with one time step, both are the same.
public enum BatchStatistics: String, Codable, Sendable, CaseIterable {
  /// Mean and variance of each channel over all steps of the batch together; running statistics move once a
  /// call. SpikingJelly's multi-step mode.
  case allSteps
  /// Each step is normalised by its own mean and variance, and the running statistics move once a step, the
  /// first step first. SpikingJelly's single-step mode, in which the paper's authors train, and the only choice
  /// where steps are walked one by one: a step knows nothing of those to come.
  case eachStep
}
