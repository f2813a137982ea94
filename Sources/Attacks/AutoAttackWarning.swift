/// What AutoAttack says when its result should not be trusted as it is. Pure functions of measured numbers: who measured
/// decides what to do.
///
/// The conditions are those of pyautoattack 0.2.0 (`checks.py`).
public enum AutoAttackWarning: Codable, Equatable, Hashable, Sendable {
  /// The classifier draws random numbers: use ``AutoAttack/rand(_:steps:)``.
  case randomized
  /// The outputs are probabilities: attack the logits, whose gradients do not saturate.
  case probabilities
  /// That many images had no gradient at the start: margins and black-box attacks count more there.
  case zeroGradients(images: Int)
  /// Square, which takes no gradients, broke what the gradient attacks had left, by that share of all images.
  case squareHelped(share: Double)
  /// The classifier has too few classes for an attack of that name.
  case tooFewClasses(attack: String, needed: Int, found: Int)
}

extension AutoAttackWarning {
  /// Whether repeated passes over the same images differ: in how many are right, or by more than 1e-4 in an image's
  /// logits, divided by their length.
  ///
  /// - Parameter passes: of each pass the number of correct images and the logits of every image; 5 passes are usual.
  public static func ofRandomness(_ passes: [(correct: Int, logits: [[Double]])]) -> Self? {
    guard let first = passes.first else { return nil }
    if passes.contains(where: { $0.correct != first.correct }) { return .randomized }
    let directions = passes.map { $0.logits.map(Self.unit) }
    for (index, one) in directions.enumerated() {
      for other in directions[(index + 1)...] {
        for (a, b) in zip(one, other) where length(zip(a, b).map { $0 - $1 }) > 1e-4 {
          return .randomized
        }
      }
    }
    return nil
  }

  /// Whether every image's outputs lie in [0, 1] and add up to 1, to 1e-5.
  public static func ofOutputs(_ outputs: [[Double]]) -> Self? {
    let isDistribution = outputs.allSatisfy { row in
      row.allSatisfy { $0 > -1e-5 && $0 < 1 + 1e-5 } && abs(row.reduce(0, +) - 1) < 1e-5
    }
    return isDistribution && !outputs.isEmpty ? .probabilities : nil
  }

  /// Whether images had no gradient at the first step of a gradient attack.
  public static func ofGradients(_ report: AttackReport) -> Self? {
    report.zeroGradientsAtStart > 0 ? .zeroGradients(images: report.zeroGradientsAtStart) : nil
  }

  /// Whether Square lowered the accuracy by more than 0.2 points.
  ///
  /// - Parameters:
  ///   - before: the robust accuracy that the other attacks had left, 0 ... 1.
  ///   - after: the robust accuracy after Square.
  public static func ofSquare(before: Double, after: Double) -> Self? {
    after < before - 0.002 ? .squareHelped(share: before - after) : nil
  }

  /// Whether an attack needs more classes than there are: the logit ratio 3, its targeted form 4, and one more than it
  /// has targets.
  ///
  /// - Parameter targets: how many target classes the attack would like; 0 if it has none.
  public static func ofClasses(
    _ classes: Int, attack: String, loss: AttackLoss, targets: Int = 0
  ) -> Self? {
    let needed = max(loss.fewestClasses, targets + 1)
    return classes < needed
      ? .tooFewClasses(attack: attack, needed: needed, found: classes) : nil
  }

  private static func length(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  private static func unit(_ values: [Double]) -> [Double] {
    let size = length(values) + 1e-10
    return values.map { $0 / size }
  }
}

extension AutoAttackWarning: CustomStringConvertible {
  /// One line: what was seen, what it means, what to do.
  public var description: String {
    switch self {
    case .randomized:
      "repeated passes differ: the classifier is random; use AutoAttack rand, which averages over draws"
    case .probabilities:
      "the outputs are a probability distribution: its gradients saturate; attack the logits"
    case .zeroGradients(let images):
      "\(images) images have a zero gradient at the start: gradient attacks may not move them; "
        + "compare with Square and with other gradient sources"
    case .squareHelped(let share):
      "Square lowered the robust accuracy by \((share * 10_000).rounded() / 100) points after the "
        + "gradient attacks: they are unreliable here; give Square more queries and restarts"
    case .tooFewClasses(let attack, let needed, let found):
      "\(attack) is made for \(needed) classes or more, there are \(found); give it fewer targets, or "
        + "use AutoAttack untargeted"
    }
  }
}
