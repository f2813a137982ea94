extension AuditCheck {
  /// What a count is held against, and what it means to exceed it.
  public struct Judgement: Codable, Equatable, Sendable {
    public let severity: Severity
    /// The share that is tolerated: a flag is raised where the whole 95 % interval lies above it.
    public let tolerance: Double
    /// Why that share.
    public let reason: String
  }

  /// The usual one.
  public var judgement: Judgement {
    let rule = rule
    return Judgement(severity: severity, tolerance: rule.tolerance, reason: rule.reason)
  }

  /// Square after all that comes before it in AutoAttack.
  static let squareInAutoAttack = Judgement(
    severity: .masking, tolerance: 0.002,
    reason: "the 0.2 points at which AutoAttack warns, after its APGD-CE, APGD-T and FAB-T of "
      + "100 steps, as here")

  private var rule: (tolerance: Double, reason: String) {
    switch self {
    case .oneStep, .blackBox, .randomSampling, .largerBall, .surrogateSpread, .zeroGradients,
      .lossOfPrecision, .moreSteps, .restarts, .zeroBudget:
      (0.01, "one point of accuracy, to which the field's tables are read")
    case .otherLoss:
      (0.05, "no loss is best for every image: only much more than one point is about the loss")
    case .square:
      (
        0.01,
        "one point, as for every black box; AutoAttack's 0.2 are meant after APGD-CE, APGD-T and "
          + "FAB-T of 100 steps, which were not run here"
      )
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
