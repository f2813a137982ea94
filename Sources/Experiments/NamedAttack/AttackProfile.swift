import Attacks

/// What a named attack is and what it can be told: the one table behind options, defaults and help.
struct AttackProfile: Sendable {
  let summary: String
  /// Norms of a change that it knows.
  var norms: [ThreatModel.Norm] = [.linf, .l2]
  /// Whether it differentiates the network, and so a gradient view matters to it.
  var usesGradients = true
  var stepSize: AttackDefault<Double>?
  var steps: AttackDefault<Int>?
  var restarts: Int?
  var queries: Int?
  var samples: Int?
  var noiseDeviation: AttackDefault<Double>?
  var randomStart: Bool?
  /// Draws of a random classifier; other attacks have none unless asked.
  var draws: Int?

  /// The options that the attack has, each as its flag with the default.
  var options: [(option: AttackOption, text: String)] {
    AttackOption.allCases.compactMap { option in
      let value: String? =
        switch option {
        case .stepSize: stepSize?.text
        case .steps: steps?.text
        case .restarts: restarts.map { "\($0)" }
        case .queries: queries.map { "\($0)" }
        case .samples: samples.map { "\($0)" }
        case .noiseDeviation: noiseDeviation?.text
        case .randomStart: nil
        }
      if option == .randomStart, let randomStart {
        return (option, (randomStart ? "--" : "--no-") + option.rawValue)
      }
      return value.map { (option, "--\(option.rawValue) \($0)") }
    }
  }
}

extension AttackName {
  /// Numbers as the attacks' authors published them; where they gave none, as the table says.
  var profile: AttackProfile {
    switch self {
    case .fgsm:
      AttackProfile(summary: "one signed step", norms: [.linf])
    case .rfgsm:
      AttackProfile(summary: "a random step of ε/2, then a signed one", norms: [.linf])
    case .bim:
      AttackProfile(
        summary: "signed steps from the image", norms: [.linf], stepSize: .length(1.0 / 255),
        steps: .bimSteps)
    case .mifgsm:
      AttackProfile(
        summary: "signed steps with momentum", norms: [.linf], stepSize: .epsilonOverSteps,
        steps: .number(10))
    case .pgd:
      AttackProfile(
        summary: "projected gradient ascent", stepSize: .pgdStep, steps: .number(10), restarts: 1,
        randomStart: true)
    case .apgdCrossEntropy: Self.adaptive("Auto-PGD on the cross-entropy")
    case .apgdLogitRatio: Self.adaptive("Auto-PGD on the logit ratio; 3 classes or more")
    case .apgdTargeted: Self.adaptive("Auto-PGD towards 9 classes; 4 classes or more")
    case .sapgd:
      AttackProfile(
        summary: "a step for each pixel, made for spikes", norms: [.linf], steps: .number(100),
        restarts: 1)
    case .fab: Self.adaptive("the nearest error")
    case .fabTargeted: Self.adaptive("the nearest error towards 9 classes")
    case .square:
      AttackProfile(
        summary: "random search, no gradient", usesGradients: false, restarts: 1, queries: 5000)
    case .autoAttack:
      AttackProfile(
        summary: "APGD-CE, APGD-T, FAB-T, Square; 4 classes or more",
        steps: .number(100), queries: 5000)
    case .autoAttackRand:
      AttackProfile(
        summary: "APGD-CE, APGD-DLR on means; 3 classes or more",
        steps: .number(100), draws: 20)
    case .gaussian:
      AttackProfile(
        summary: "Gaussian noise, clipped to the ball", usesGradients: false, samples: 1000,
        noiseDeviation: .thirdOfEpsilon)
    case .uniform:
      AttackProfile(
        summary: "random points of the ball", usesGradients: false, samples: 1000)
    case .corner:
      AttackProfile(
        summary: "random corners of the ball (L2: its surface)", usesGradients: false, samples: 1000
      )
    }
  }

  private static func adaptive(_ summary: String) -> AttackProfile {
    AttackProfile(summary: summary, steps: .number(100), restarts: 1)
  }

  /// What it is and which norms it knows; in a second line what it can be told, with the defaults.
  public var explanation: String {
    let profile = profile
    let options =
      profile.options.map(\.text) + (profile.draws.map { ["--draws \($0)"] } ?? [])
    let norms = profile.norms.map { $0 == .linf ? "L∞" : "L2" }.joined(separator: ", ")
    return "\(rawValue) (\(norms)): \(profile.summary)"
      + (options.isEmpty ? "" : "\n    " + options.joined(separator: " "))
  }
}
