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

  public var severity: Severity {
    switch self {
    case .leakedState, .batchDependence, .clampedInput, .zeroBudget: .measurement
    case .oneStep, .blackBox, .unbounded, .randomSampling, .largerBall,
      .zeroGradients, .blockedLayers, .lossOfPrecision, .square, .quantizedInput:
      .masking
    case .surrogateSpread: .surrogate
    case .otherLoss, .moreSteps, .restarts, .softmaxOutput: .effort
    case .stochastic: .note
    }
  }
}

extension AuditCheck {
  /// The share that is tolerated: a flag is raised where the whole 95 % interval lies above it.
  public var tolerance: Double { rule.tolerance }
  /// Why that share.
  public var toleranceReason: String { rule.reason }

  private var rule: (tolerance: Double, reason: String) {
    switch self {
    case .oneStep, .blackBox, .randomSampling, .largerBall, .surrogateSpread, .zeroGradients,
      .lossOfPrecision, .moreSteps, .restarts, .zeroBudget:
      (0.01, "one point of accuracy, to which the field's tables are read")
    case .otherLoss:
      (0.05, "no loss is best for every image: only much more than one point is about the loss")
    case .square:
      (0.002, "the 0.2 points at which AutoAttack itself warns")
    case .unbounded:
      (
        0,
        "an image of another class is always within reach, so each one left is the attack's failure"
      )
    case .blockedLayers:
      (0, "one layer without a gradient cuts off everything before it")
    case .leakedState, .batchDependence, .stochastic:
      (
        0,
        "calls of one shape are computed alike, so a function of the image alone gives the same bits"
      )
    case .softmaxOutput:
      (0.5, "rows of logits are non-negative with sum 1 by chance at most now and then")
    case .quantizedInput, .clampedInput:
      (0.5, "spikes leave a network constant around some images, a rounded or cut input around all")
    }
  }
}
