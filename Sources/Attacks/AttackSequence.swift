public import Torch

/// Attacks one after the other, each on the images that survived those before it: the worst case of all.
public struct AttackSequence: Attack {
  public let name: String
  /// In order; all of one threat model.
  public let attacks: [any Attack]

  /// - Precondition: at least one attack.
  public init(name: String, _ attacks: [any Attack]) {
    precondition(!attacks.isEmpty, "AttackSequence: no attack")
    self.name = name
    self.attacks = attacks
  }

  public var threat: ThreatModel { attacks[0].threat }

  public func checkSettings() throws(AttackError) {
    for attack in attacks {
      try attack.checkSettings()
      guard attack.threat == threat else {
        throw .unusable(
          .setting("threat model of \(attack.name)"), expected: "\(threat), as the first attack's",
          found: "\(attack.threat)", remedy: "a worst case needs one threat model")
      }
    }
  }

  /// Images that no attack fooled are returned as they were.
  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    var result = images
    var alive = (.!(try victim.score(images, labels: labels).fooled)).trueIndices()
    for attack in attacks where alive.count > 0 {
      let (survivors, theirs) = (images.gathering(alive), labels.gathering(alive))
      let found = try attack.perturb(survivors, labels: theirs, against: &victim, using: generator)
      let fooled = try victim.score(found, labels: theirs).fooled
      let hits = fooled.trueIndices()
      result = result.replacing(alive.gathering(hits), with: found.gathering(hits))
      alive = alive.gathering((.!fooled).trueIndices())
    }
    return result
  }
}
