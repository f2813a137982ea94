import Attacks

/// A number that an attack has if none is given, and how it is told.
struct AttackDefault<Value: Sendable>: Sendable {
  let text: String
  /// From the threat model and the number of steps.
  let value: @Sendable (ThreatModel, Int) -> Value

  init(_ text: String, _ value: @escaping @Sendable (ThreatModel, Int) -> Value) {
    self.text = text
    self.value = value
  }
}

extension AttackDefault<Int> {
  static func number(_ number: Int) -> Self { Self("\(number)") { _, _ in number } }

  /// Kurakin's number.
  static let bimSteps = Self("min(E + 4, 1.25 E), E = 255 ε") { threat, _ in
    BIM.authorsSteps(epsilon: threat.epsilon)
  }
}

extension AttackDefault<Double> {
  static func length(_ length: Double) -> Self { Self(PixelText.text(length)) { _, _ in length } }

  static let epsilonOverSteps = Self("ε/steps") { threat, steps in
    radius(threat) / Double(max(steps, 1))
  }

  /// The step that torchattacks has in L∞, and Madry's rule in L2, where no one length fits all.
  static let pgdStep = Self("2/255 (L2: 2.5 ε/steps)") { threat, steps in
    threat.norm == .linf ? 2.0 / 255 : 2.5 * radius(threat) / Double(max(steps, 1))
  }

  /// So narrow that the ball hardly clips it.
  static let thirdOfEpsilon = Self("ε/3") { threat, _ in radius(threat) / 3 }

  /// ε = 0 is no attack, but its settings must make sense.
  private static func radius(_ threat: ThreatModel) -> Double {
    threat.epsilon > 0 ? threat.epsilon : 1.0 / 255
  }
}
