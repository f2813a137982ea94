public import Torch

/// The basic iterative method: ``PGD`` from the image itself, by its authors' numbers.
///
/// Steps of one grey level, and, with ε counted in grey levels E = 255 ε, min(E + 4, 1.25 E) of them, rounded down:
/// 10 for ε = 8/255. Kurakin, Goodfellow and Bengio, *Adversarial examples in the physical world*, arXiv 1607.02533,
/// section 2.2. At least one step is made.
public struct BIM: Attack {
  /// What it is made of.
  public let ascent: PGD

  /// - Parameters:
  ///   - epsilon: of the L∞ ball, in pixel units.
  ///   - stepSize: α, in pixel units.
  ///   - steps: the authors' number if not given.
  public init(epsilon: Double, stepSize: Double = 1.0 / 255, steps: Int? = nil) {
    ascent = PGD(
      .linf(epsilon), stepSize: stepSize, steps: steps ?? Self.authorsSteps(epsilon: epsilon),
      start: .image)
  }

  /// min(E + 4, 1.25 E) rounded down, at least 1.
  public static func authorsSteps(epsilon: Double) -> Int {
    let levels = epsilon * 255
    let wanted = min(levels + 4, 1.25 * levels)
    // 1e-9: 8/255·255 may come out just below 8. What is no number is refused later, with ε itself.
    return wanted.isFinite ? max(Int(min(wanted + 1e-9, 1e6)), 1) : 1
  }

  public var name: String { "BIM-\(ascent.steps)" }
  public var threat: ThreatModel { ascent.threat }
  public func checkSettings() throws(AttackError) { try ascent.checkSettings() }

  public func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    try ascent.perturb(images, labels: labels, against: &victim, using: generator)
  }
}
