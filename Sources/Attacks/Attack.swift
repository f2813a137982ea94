public import Torch

/// A way to change images, within a threat model, so that a classifier errs.
///
/// A new attack gives ``name``, ``threat`` and ``perturb(_:labels:against:using:)``. Callers use
/// ``callAsFunction(_:labels:against:using:)`` or ``run(_:labels:against:using:)``: these are not
/// requirements, so no attack can replace the checks that they make before and after.
public protocol Attack: Sendable {
  /// As it stands in a table: `FGSM`, `PGD-10`.
  var name: String { get }
  var threat: ThreatModel { get }

  /// Throws ``AttackError`` when the attack's own settings make no sense. The threat model is checked apart.
  func checkSettings() throws(AttackError)

  /// The attack itself, for those who write one.
  ///
  /// - Parameters:
  ///   - images: `[B, ...]` in [0, 1], checked; B ≥ 1, ε > 0. Nothing is recorded for differentiation.
  ///   - labels: the true classes, int64 `[B]`.
  ///   - victim: the only way to the classifier; it counts and checks.
  ///   - generator: all randomness comes from it.
  /// - Returns: images of the same shape and type. They are checked.
  func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor
}

extension Attack {
  public func checkSettings() throws(AttackError) {}

  /// Attacks every image, those that are misclassified already included.
  ///
  /// ε = 0 and an empty batch return the images without asking the classifier.
  /// - Parameters:
  ///   - images: `[B, ...]`, float32 or float64, pixels in [0, 1].
  ///   - labels: the true classes, int64 `[B]`.
  /// - Returns: images of the same shape and type: finite, in [0, 1], within ε of the originals up to
  ///   ``ThreatModel/tolerance(for:)``. Every output is checked.
  /// - Throws: ``AttackError``: unusable input or settings, a non-finite gradient, a broken promise.
  public func callAsFunction(
    _ images: Tensor, labels: Tensor, against classifier: Classifier,
    using generator: Generator
  ) throws(AttackError) -> Tensor {
    try run(images, labels: labels, against: classifier, using: generator).adversarial
  }

  /// The same, with a report of what was asked of the classifier.
  public func run(
    _ images: Tensor, labels: Tensor, against classifier: Classifier,
    using generator: Generator
  ) throws(AttackError) -> AttackResult {
    try guarded(images, labels: labels, against: classifier, using: generator) {
      (images, victim) throws(AttackError) in
      try perturb(images, labels: labels, against: &victim, using: generator)
    }
  }

  /// Runs `body` between the checks that every attack gets.
  func guarded(
    _ images: Tensor, labels: Tensor, against classifier: Classifier, using generator: Generator,
    _ body: (Tensor, inout Victim) throws(AttackError) -> Tensor
  ) throws(AttackError) -> AttackResult {
    try threat.check()
    try checkSettings()
    try checkPreconditions(images: images, labels: labels)
    let originals = images.detached()
    guard images.size(0) > 0, threat.epsilon > 0 else {
      return AttackResult(adversarial: originals.copied(), report: AttackReport())
    }
    return try Victim.lending(classifier, labels: labels, seed: generator.upcomingSeed) {
      (victim) throws(AttackError) -> AttackResult in
      let adversarial = try withoutGradients { () throws(AttackError) in
        try body(originals, &victim).detached()
      }
      try checkPromise(adversarial, originals)
      return AttackResult(adversarial: adversarial, report: victim.report)
    }
  }

  private func checkPromise(_ adversarial: Tensor, _ originals: Tensor) throws(AttackError) {
    guard adversarial.shape == originals.shape, adversarial.dtype == originals.dtype,
      adversarial.device == originals.device
    else {
      throw .unusable(
        .output(name), expected: "\(originals.dtype) \(originals.shape) on \(originals.device)",
        found: "\(adversarial.dtype) \(adversarial.shape) on \(adversarial.device)",
        remedy: "this is a fault of the attack, its result is withheld")
    }
    let violations = threat.violations(of: adversarial, from: originals)
    guard violations.isEmpty else {
      throw .brokenPromise(attack: name, threat: threat, violations)
    }
  }
}
