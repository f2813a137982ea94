/// What an audit asks of a robustness number, one question each.
///
/// The first five are the symptoms of masked gradients of Athalye, Carlini and Wagner, *Obfuscated gradients give a
/// false sense of security*, arXiv 1802.00420, section 3.1, each asked image by image. Every check is a count of
/// images (or layers) out of those looked at, whatever was attacked and how.
public enum AuditCheck: String, Codable, Sendable, CaseIterable {
  case oneStep = "one-step"
  case blackBox = "black-box"
  case unbounded
  case randomSampling = "random-sampling"
  case largerBall = "larger-ball"

  case surrogateSpread = "surrogate-spread"
  case zeroGradients = "zero-gradients"
  case blockedLayers = "blocked-layers"
  case lossOfPrecision = "loss-of-precision"
  case otherLoss = "other-loss"
  case moreSteps = "more-steps"
  case restarts
  case square

  case leakedState = "leaked-state"
  case stochastic
  case batchDependence = "batch-dependence"
  case softmaxOutput = "softmax-output"
  case quantizedInput = "quantized-input"
  case clampedInput = "clamped-input"
  case zeroBudget = "zero-budget"

  /// By which reports name it, from 1.
  public var number: Int { Self.allCases.firstIndex(of: self)! + 1 }

  /// What a raised flag does to the number.
  public enum Severity: String, Codable, Sendable, CaseIterable {
    /// It is no measurement of this network: not believable.
    case measurement
    /// Gradients mislead the attacks: not believable.
    case masking
    /// Attacks through the network's own surrogate are too weak: the number stands over several surrogates alone.
    case surrogate
    /// The attacks were too weak: an upper bound, and a loose one.
    case effort
    /// To be said beside the number.
    case note
  }

  var severity: Severity {
    switch self {
    case .leakedState, .batchDependence, .clampedInput, .zeroBudget: .measurement
    case .oneStep, .blackBox, .unbounded, .randomSampling, .largerBall,
      .zeroGradients, .blockedLayers, .lossOfPrecision, .quantizedInput:
      .masking
    case .surrogateSpread: .surrogate
    case .otherLoss, .moreSteps, .restarts, .square, .softmaxOutput: .effort
    case .stochastic: .note
    }
  }
}
