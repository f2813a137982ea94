/// Which attacks an audit runs, each in its part. Attacks of any kind can fill the parts.
///
/// Attacks that are compared differ in one thing only; a part that is empty leaves its check unmeasured.
public struct AuditPlan: Sendable {
  /// What the number is about.
  public var threat: ThreatModel
  /// One gradient step.
  public var oneStep: any Attack
  /// Many, through the network's own gradient: the attack that is audited.
  public var iterative: any Attack
  /// The same with four fifths of its steps.
  public var fewerSteps: (any Attack)?
  /// The same on another loss.
  public var otherLoss: (any Attack)?
  /// Towards other classes, on what those above left, as AutoAttack has before Square; not run on fewer than four
  /// classes, which they need.
  public var targeted: [any Attack] = []
  /// How many starting points the audited attack gets in all; each further one sees what the others left.
  public var restarts = 1
  /// One attack for all surrogates, the network's own included.
  public var acrossSurrogates: (any Attack)?
  /// What is transferred from each substitute.
  public var transferred: (any Attack)?
  /// Attacks by queries alone, as Square.
  public var queries: [any Attack] = []
  /// Random points of the ball.
  public var sampling: [any Attack] = []
  /// Gradient attacks with ε = 1: the worst case counts.
  public var unbounded: [any Attack] = []
  /// Further ones, each from a start of its own, on what ``unbounded`` left. After them the last of ``unbounded`` runs
  /// through every other surrogate, and what is left then is counted.
  public var unboundedAgain: [any Attack] = []
  /// The attack at rising ε.
  public var sweep: [any Attack] = []
  /// The attack with next to no ε, which must fool next to nothing.
  public var zeroBudget: any Attack
  /// What the answers of a stochastic classifier are means of.
  public var draws = 10
  /// Of how many such answers the majority scores an image of a stochastic classifier, whatever was done to it.
  public var scoringPasses = 11

  public init(
    threat: ThreatModel, oneStep: any Attack, iterative: any Attack, zeroBudget: any Attack
  ) {
    self.threat = threat
    self.oneStep = oneStep
    self.iterative = iterative
    self.zeroBudget = zeroBudget
  }
}

/// What is audited: a classifier, and the ways into it.
public struct AuditSubject: Sendable {
  /// A classifier in the state of its birth, its random numbers at their seed: every call of it is to be a function
  /// of the images alone.
  public let makeClassifier: @Sendable () -> Classifier
  /// The classifier under other surrogates than its own.
  public var surrogates: [GradientSource] = []
  /// Other networks for the same task.
  public var substitutes: [GradientSource] = []
  /// What an evaluation that is no ``Attack`` counts as misclassified with ε = 0, image by image.
  public var evaluationAtZero: (@Sendable (LabeledImages) throws(AttackError) -> [Bool])?

  public init(makeClassifier: @escaping @Sendable () -> Classifier) {
    self.makeClassifier = makeClassifier
  }
}
