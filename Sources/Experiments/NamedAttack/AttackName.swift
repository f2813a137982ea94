/// The attacks by the names that people type and records hold.
public enum AttackName: String, Codable, Sendable, CaseIterable {
  case fgsm
  case rfgsm = "r-fgsm"
  case bim
  case mifgsm = "mi-fgsm"
  case pgd
  case apgdCrossEntropy = "apgd-ce"
  case apgdLogitRatio = "apgd-dlr"
  case apgdTargeted = "apgd-t"
  case sapgd = "sa-pgd"
  case fab
  case fabTargeted = "fab-t"
  case square
  case autoAttack = "autoattack"
  case autoAttackRand = "autoattack-rand"
  case gaussian
  case uniform
  case corner
}

/// What some attacks can be told and others cannot, by the names of the flags.
public enum AttackOption: String, Sendable, CaseIterable {
  case stepSize = "step-size"
  case steps
  case restarts
  case queries
  case samples
  case noiseDeviation = "noise-deviation"
  case randomStart = "random-start"
}

/// The numbers of an attack; nil where the attack has no such number, or it is not given.
public struct AttackSettings: Codable, Sendable, Equatable {
  /// In pixel units.
  public var stepSize: Double?
  /// Gradient steps in each run.
  public var steps: Int?
  /// Runs in all; 1 is a single run.
  public var restarts: Int?
  /// Of a random search, in each run.
  public var queries: Int?
  /// Random points of each image.
  public var samples: Int?
  /// σ of Gaussian noise, in pixel units.
  public var noiseDeviation: Double?
  /// Whether the first run begins at a random point, and not at the image.
  public var randomStart: Bool?

  public init() {}

  /// What is there, in the order of the flags.
  var given: [AttackOption] {
    AttackOption.allCases.filter { option in
      switch option {
      case .stepSize: stepSize != nil
      case .steps: steps != nil
      case .restarts: restarts != nil
      case .queries: queries != nil
      case .samples: samples != nil
      case .noiseDeviation: noiseDeviation != nil
      case .randomStart: randomStart != nil
      }
    }
  }
}
