/// One attack of a suite, under the name that reports know it by.
public struct AttackStage: Sendable {
  public let name: String
  public let attack: any Attack
  /// Whether it follows gradients. Against a random classifier such a stage takes means over all draws, others
  /// over a quarter of them: they ask hundreds of times more often.
  public let usesGradients: Bool

  /// - Parameter name: nil for the attack's own.
  public init(_ attack: any Attack, name: String? = nil, usesGradients: Bool = true) {
    self.name = name ?? attack.name
    self.attack = attack
    self.usesGradients = usesGradients
  }

  /// The attack itself, or within ``ExpectationOverTransformation`` where the classifier draws random numbers.
  func attack(averagingOver draws: Int?) -> any Attack {
    guard let draws else { return attack }
    return ExpectationOverTransformation(attack, draws: usesGradients ? draws : max(1, draws / 4))
  }
}
