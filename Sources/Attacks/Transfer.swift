public import Torch

/// A black-box attack: the inner attack runs against a substitute alone, and its result is tried on the classifier.
///
/// Losses, decisions and gradients are all the substitute's; the classifier is never asked. So images count as errors,
/// as survivors or as fooled while the attack runs if they are so *for the substitute*. Compare ``AttackThroughSource``,
/// which takes gradients elsewhere and decides by the classifier. The report's gradients are the substitute's; its
/// calls are the classifier's, so they are 0. A random classifier's draws (``Victim/draws``) are the substitute's too if
/// it is random itself (``ClassifierRandomness``, asked twice).
public struct Transfer: Attack {
  public let attack: any Attack
  public let substitute: GradientSource

  public init(_ attack: any Attack, from substitute: GradientSource) {
    self.attack = attack
    self.substitute = substitute
  }

  /// `PGD-10 from ReLU twin`.
  public var name: String { "\(attack.name) from \(substitute.name)" }
  public var threat: ThreatModel { attack.threat }
  public func checkSettings() throws(AttackError) { try attack.checkSettings() }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let inner = attack
    let run = GradientSource.Run(draws: victim.draws, seed: victim.nextSeed())
    let draws = try drawsNeeded(run, images)
    // Its own source too, so that what it remembers of a run starts afresh with every run.
    var source = GradientSource(
      name: substitute.name, makeClassifier: substitute.makeClassifier)
    source.remembersRows = substitute.remembersRows
    return try Victim.lending(
      substitute.makeClassifier(run), labels: labels, seed: victim.nextSeed()
    ) {
      (other) throws(AttackError) -> Tensor in
      let found = try other.differentiating(through: source) {
        (other) throws(AttackError) -> Tensor in
        try other.averaging(over: draws) { (other) throws(AttackError) -> Tensor in
          try inner.perturb(images, labels: labels, against: &other, using: generator)
        }
      }
      victim.report.gradientEvaluations += other.report.gradientEvaluations
      return found
    }
  }

  /// A substitute that draws nothing would only say the same so often.
  private func drawsNeeded(
    _ run: GradientSource.Run, _ images: Tensor
  ) throws(AttackError) -> Int {
    guard run.draws > 1 else { return 1 }
    let randomness = try ClassifierRandomness.measured(
      of: substitute.makeClassifier(run), on: images, passes: 2)
    return randomness.isRandom ? run.draws : 1
  }
}
