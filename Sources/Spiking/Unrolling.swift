/// How the gradient of a loss over T time steps is computed.
public enum Unrolling: String, Codable, Sendable, CaseIterable {
  /// One graph over all steps, differentiated at the end: memory grows with T.
  case allSteps
  /// Each step's share of the loss is differentiated before the next step is computed, and the gradients are
  /// summed. Only membranes and logits survive a step, and the encoder gives one step at a time, so memory does
  /// not depend on T but for the logits.
  ///
  /// This is spatial learning through time as Meng et al. (ICCV 2023, algorithm 1) run it: the gradient of one
  /// graph in which membranes carry none (``TemporalGradient/withinStep``).
  case stepByStep
}
