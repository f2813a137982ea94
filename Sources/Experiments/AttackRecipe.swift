import Attacks

/// An attack as options say it.
public enum AttackRecipe: Codable, Sendable, Equatable {
  case fgsm(epsilon: Double)
  case pgd(epsilon: Double, stepSize: Double, steps: Int, restarts: Int, randomStart: Bool)
  /// Every other attack, and every attack through a view, on means over draws or from a substitute.
  case named(attack: NamedAttack)

  /// FGSM and PGD in L∞ on the network itself have cases of their own, by which records have always told them.
  public init(_ attack: NamedAttack) {
    let (settings, epsilon) = (attack.settings, attack.threat.epsilon)
    let isPlain =
      attack.threat.norm == .linf && attack.view == nil && attack.draws == nil
      && attack.substitute == nil
    switch attack.name {
    case .fgsm where isPlain: self = .fgsm(epsilon: epsilon)
    case .pgd where isPlain:
      guard let stepSize = settings.stepSize, let steps = settings.steps,
        let restarts = settings.restarts, let randomStart = settings.randomStart
      else { fallthrough }
      self = .pgd(
        epsilon: epsilon, stepSize: stepSize, steps: steps, restarts: restarts,
        randomStart: randomStart)
    default: self = .named(attack: attack)
    }
  }

  /// The attack on the network itself; views, draws and substitutes come with ``attack(on:substitute:seed:)``.
  public var attack: any Attack {
    switch self {
    case .fgsm(let epsilon): FGSM(epsilon: epsilon)
    case .pgd(let epsilon, let stepSize, let steps, let restarts, let randomStart):
      PGD(
        .linf(epsilon), stepSize: stepSize, steps: steps, start: randomStart ? .random : .image,
        restarts: restarts)
    case .named(let attack): attack.bare
    }
  }

  /// The whole attack on a network.
  ///
  /// - Parameters:
  ///   - substitute: the network that a ``NamedAttack/substitute`` names.
  ///   - seed: of a stochastic coding.
  public func attack(
    on network: LoadedNetwork, substitute: LoadedNetwork? = nil, seed: UInt64
  ) throws -> any Attack {
    guard case .named(let named) = self else { return attack }
    return try named.attack(on: network, substitute: substitute, seed: seed)
  }
}

extension AttackRecipe: CustomStringConvertible {
  /// As `FGSM, ε 8/255` or `PGD-10, ε 8/255, steps of 2/255 from a random start`.
  public var description: String {
    if case .named(let named) = self { return named.description }
    let attack = self.attack
    let head = "\(attack.name), ε \(PixelText.text(attack.threat.epsilon))"
    guard case .pgd(_, let stepSize, _, _, let randomStart) = self else { return head }
    return head + ", steps of \(PixelText.text(stepSize)) from "
      + (randomStart ? "a random start" : "the image itself")
  }
}
