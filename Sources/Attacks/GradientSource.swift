public import Torch

/// What an attack differentiates in place of the classifier itself.
///
/// A spiking network has no gradient, only stand-ins: the same function with another backward rule is another
/// source, and so is another network altogether. Attacks know nothing of either.
public struct GradientSource: Sendable {
  /// As it stands in an attack's name: `triangle 0.5`, `BPTR`.
  public let name: String
  /// Whether its values differ from the classifier's. Then losses and decisions come from the classifier and
  /// gradients alone from here, at the price of one more forward pass.
  public let isSubstitute: Bool
  /// Whether it keeps something for each row of the batch from call to call, so that row i must stay image i for a
  /// whole run and no row may leave.
  public var remembersRows = false
  /// A fresh source for one run of an attack on one fixed batch: it may remember the iterations of that run.
  public let makeClassifier: @Sendable (Run) -> Classifier

  /// What a source may need to know of the run that it is made for.
  public struct Run: Equatable, Sendable {
    /// Gradients in a row that the attack takes the mean of: one iteration is so many calls.
    public let draws: Int
    /// Of the source's random numbers: another one for every run, the same when the attack is repeated.
    public let seed: UInt64

    public init(draws: Int, seed: UInt64) {
      self.draws = draws
      self.seed = seed
    }
  }

  public init(
    name: String, isSubstitute: Bool = false,
    makeClassifier: @escaping @Sendable (Run) -> Classifier
  ) {
    self.name = name
    self.isSubstitute = isSubstitute
    self.makeClassifier = makeClassifier
  }

  /// A source that is made alike for every run: it draws no random numbers, and its memory, if any, does not count draws.
  public init(
    name: String, isSubstitute: Bool = false, makeClassifier: @escaping @Sendable () -> Classifier
  ) {
    self.init(name: name, isSubstitute: isSubstitute) { _ in makeClassifier() }
  }
}

/// An attack that takes its gradients from another source.
public struct AttackThroughSource: Attack {
  public let attack: any Attack
  public let source: GradientSource

  public init(_ attack: any Attack, through source: GradientSource) {
    self.attack = attack
    self.source = source
  }

  /// `APGD-CE through BPTR`.
  public var name: String { "\(attack.name) through \(source.name)" }
  public var threat: ThreatModel { attack.threat }
  public func checkSettings() throws(AttackError) { try attack.checkSettings() }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let inner = attack
    return try victim.differentiating(through: source) { (victim) throws(AttackError) in
      try inner.perturb(images, labels: labels, against: &victim, using: generator)
    }
  }
}
