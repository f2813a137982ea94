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
