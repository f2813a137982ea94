/// The field's standard suite, in its published composition and budgets.
///
/// Each attack sees the images that survived those before it. Croce and Hein, *Reliable evaluation of adversarial
/// robustness with an ensemble of diverse parameter-free attacks*, arXiv 2003.01690, in the versions of pyautoattack 0.2.0.
/// ``AutoAttackWarning`` says when a result should not be trusted as it is.
public enum AutoAttack {
  /// `AutoAttack`, the standard version: APGD-CE, APGD-T, FAB-T, Square.
  ///
  /// The budgets are 100 steps, 9 targets and 5000 queries unless others are given. Needs four classes, as the targeted
  /// logit ratio does: with fewer it throws whatever the images; the original fails on them as well. Then use
  /// ``untargeted(_:steps:queries:)``. Where there are fewer than 9 other classes, all are targets.
  public static func standard(
    _ threat: ThreatModel, steps: Int = 100, targets: Int = 9, queries: Int = 5000
  ) -> AttackSequence {
    let first = APGD(threat, loss: .crossEntropy, steps: steps, restarts: 1)
    return AttackSequence(
      name: "AutoAttack",
      [
        RequiringClasses(
          4, for: "AutoAttack", insteadUse: "AutoAttack untargeted", attack: first),
        TargetedAPGD(threat, steps: steps, targets: targets),
        TargetedFAB(threat, steps: steps, targets: targets),
        Square(threat, queries: queries),
      ])
  }

  /// `AutoAttack rand`, for classifiers that draw random numbers: APGD-CE and APGD-DLR on means over 20 draws.
  ///
  /// Needs three classes, as the logit ratio does.
  public static func rand(
    _ threat: ThreatModel, steps: Int = 100, draws: Int = 20
  ) -> AttackSequence {
    let first = APGD(threat, loss: .crossEntropy, steps: steps, restarts: 1)
    let attacks: [any Attack] = [
      RequiringClasses(
        3, for: "AutoAttack rand", insteadUse: "APGD-CE and APGD-margin", attack: first),
      APGD(threat, loss: .logitRatio, steps: steps, restarts: 1),
    ]
    return AttackSequence(
      name: "AutoAttack rand",
      attacks.map { ExpectationOverTransformation($0, draws: draws) })
  }

  /// `AutoAttack untargeted`, for two or three classes: APGD-CE, APGD-margin, FAB, Square.
  ///
  /// Not a published version. It is the standard one with every attack that needs more classes replaced by one of the same
  /// kind that does not, so on four and more classes the standard one is what to compare with.
  public static func untargeted(
    _ threat: ThreatModel, steps: Int = 100, queries: Int = 5000
  ) -> AttackSequence {
    AttackSequence(
      name: "AutoAttack untargeted",
      [
        APGD(threat, loss: .crossEntropy, steps: steps, restarts: 1),
        APGD(threat, loss: .margin, steps: steps, restarts: 1),
        FAB(threat, steps: steps),
        Square(threat, queries: queries),
      ])
  }
}
