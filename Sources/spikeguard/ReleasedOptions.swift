import ArgumentParser
import Experiments
import Training

/// What the authors' release does unlike its description when it attacks, all of it or each part alone.
struct ReleasedOptions: ParsableArguments {
  @Option(
    name: .customLong("protocol"),
    help: "'as-released' switches the three flags on; the numbers are not valid.")
  var bundle = TrainingProtocol.standard

  @Flag(help: "The attacker's calls of the network see its first time step only. Not valid.")
  var oneStepAttack = false

  @Flag(help: "Membranes are not reset between the attacker's calls and before scoring. Not valid.")
  var leakedState = false

  @Flag(
    help:
      "The attack moves normalised pixels, in units of their deviation, clamped to [0, 1]. Not valid."
  )
  var normalizedClamp = false

  /// Throws unless the release has the attack, and writes what can be written of it.
  func check(_ recipe: AttackRecipe, saveAdversarial: String?, start: String?)
    throws(ValidationError)
  {
    guard !parts.isEmpty else { return }
    if let option = saveAdversarial.map({ _ in "--save-adversarial" })
      ?? start.map({ _ in "--start" })
    {
      throw ValidationError(
        "\(option) is for a valid attack; what the release attacks are not pixels alone")
    }
    guard case .named(let attack) = recipe else { return }
    throw ValidationError(
      "the release's defects: expected --attack fgsm or pgd in L∞ on the network itself, found \(attack); the "
        + "release has no other")
  }

  var parts: ReleasedProtocol {
    if bundle == .asReleased { return .all }
    var parts: ReleasedProtocol = []
    if oneStepAttack { parts.insert(.oneStepAttack) }
    if leakedState { parts.insert(.leakedState) }
    if normalizedClamp { parts.insert(.normalizedClamp) }
    return parts
  }
}

extension TrainingProtocol: ExpressibleByArgument {}
