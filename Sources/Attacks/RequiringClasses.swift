import Torch

/// An attack that is not begun on a classifier with too few classes.
///
/// First in a sequence, it makes what a later attack needs an error of its own, whether or not any image is left for
/// that attack.
struct RequiringClasses: Attack {
  let fewest: Int
  /// What needs them, and what does not.
  let user: String
  let alternative: String
  let attack: any Attack

  init(_ fewest: Int, for user: String, insteadUse alternative: String, attack: any Attack) {
    self.fewest = fewest
    self.user = user
    self.alternative = alternative
    self.attack = attack
  }

  var name: String { attack.name }
  var threat: ThreatModel { attack.threat }
  func checkSettings() throws(AttackError) { try attack.checkSettings() }

  func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    let classes = try victim.logits(images[0..<1]).size(1)
    guard classes >= fewest else {
      throw .unusable(
        .logits, expected: "at least \(fewest) classes for \(user)", found: "\(classes)",
        remedy: "use \(alternative)")
    }
    let inner = attack
    return try inner.perturb(images, labels: labels, against: &victim, using: generator)
  }
}
