import ArgumentParser

/// What the network is shown in place of its batches.
///
/// c/+p_k of the paper is `--foreign adversarial --foreign-from-epoch k`, p/+c_k is
/// `--regime adversarial --foreign clean --foreign-from-epoch k`.
struct RegimeSettings: SettingGroup {
  @Option(help: .setting("regime", "How batches are shown: 'adversarial' replaces every one by its attacked version."))
  var regime: String?

  @Option(help: .setting("attack", "Attack of adversarial batches."))
  var attack: String?

  @Option(help: .setting("epsilon", "Its largest change of a pixel, as 2/255."))
  var epsilon: String?

  @Option(help: .setting("step-size", "Step of PGD, as --epsilon."))
  var stepSize: String?

  @Option(help: .setting("attack-steps", "Steps of PGD."))
  var attackSteps: String?

  @Option(help: .setting("noise-deviation", "Standard deviation of gaussian-noise, in pixel units."))
  var noiseDeviation: String?

  @Option(help: .setting("foreign", "How foreign batches are shown, which take the place of some of an epoch's batches."))
  var foreign: String?

  @Option(help: .setting("foreign-batches", "Foreign batches in an epoch."))
  var foreignBatches: String?

  @Option(help: .setting("foreign-place", "Where in the epoch they come."))
  var foreignPlace: String?

  @Option(help: .setting("foreign-cadence", "In one epoch only, or in every one from it on."))
  var foreignCadence: String?

  @Option(help: .setting("foreign-from-epoch", "The first epoch that has any, from 0."))
  var foreignFromEpoch: String?
}

/// What the authors' release does unlike the paper. **Not a valid evaluation.**
struct ProtocolSettings: SettingGroup {
  @Option(help: .setting("protocol", "'as-released' sets temporal-gradient withinStep, batch-statistics eachStep, head released, mean-square-weight 0.05 and the three flags below; other settings win over it. Not a valid evaluation."))
  var `protocol`: String?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast, help: .setting("one-step-attack", "The attack in training sees one time step. Not valid."))
  var oneStepAttack: Bool?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast, help: .setting("leaked-state", "Membranes that the attack left are trained on. Not valid."))
  var leakedState: Bool?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast, help: .setting("normalized-clamp", "The attack moves normalised pixels and clamps those to [0, 1]. Not valid."))
  var normalizedClamp: Bool?
}
