public import Torch

/// An attack on a classifier that draws random numbers: every answer is a mean over several draws.
///
///     ∇ = 1/m Σ ∇L(f(x; r_i), y)     r_1 … r_m fresh at every iteration
///
/// Logits are means over the draws too, and losses and decisions are those of the mean logits, so that no image is
/// kept for one lucky draw (the authors of APGD decide by the last draw alone). Athalye et al.,
/// *Synthesizing robust adversarial examples*, arXiv 1707.07397. `EOT-PGD` is this around ``PGD``.
public struct ExpectationOverTransformation: Attack {
  public let attack: any Attack
  /// m
  public let draws: Int

  public init(_ attack: any Attack, draws: Int) {
    self.attack = attack
    self.draws = draws
  }

  /// `EOT-20 PGD-10`.
  public var name: String { "EOT-\(draws) \(attack.name)" }
  public var threat: ThreatModel { attack.threat }

  public func checkSettings() throws(AttackError) {
    try attack.checkSettings()
    guard draws >= 1 else {
      throw .unusable(
        .setting("draws"), expected: "at least 1", found: "\(draws)", remedy: "20 is usual")
    }
  }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let inner = attack
    return try victim.averaging(over: draws) { (victim) throws(AttackError) in
      try inner.perturb(images, labels: labels, against: &victim, using: generator)
    }
  }
}
