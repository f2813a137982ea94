import Attacks
import Spiking
import Torch

extension NamedAttack {
  /// The attack alone: on the network itself, through its own gradient, without `draws` of its own asking.
  var bare: any Attack {
    let epsilon = threat.epsilon
    // A record may be older than an option; every number of the table is there afterwards.
    let settings = settings.completed(for: name.profile, threat)
    let (steps, restarts) = (settings.steps ?? 1, settings.restarts ?? 1)
    let (queries, samples) = (settings.queries ?? 1, settings.samples ?? 1)
    switch name {
    case .fgsm: return FGSM(epsilon: epsilon)
    case .rfgsm: return RFGSM(epsilon: epsilon)
    case .bim: return BIM(epsilon: epsilon, stepSize: settings.stepSize ?? 0, steps: steps)
    case .mifgsm: return MIFGSM(epsilon: epsilon, stepSize: settings.stepSize, steps: steps)
    case .pgd:
      return PGD(
        threat, stepSize: settings.stepSize ?? 0, steps: steps,
        start: settings.randomStart == false ? .image : .random, restarts: restarts)
    case .apgdCrossEntropy:
      return APGD(threat, loss: .crossEntropy, steps: steps, restarts: restarts)
    case .apgdLogitRatio: return APGD(threat, loss: .logitRatio, steps: steps, restarts: restarts)
    case .apgdTargeted: return TargetedAPGD(threat, steps: steps, restarts: restarts)
    case .sapgd: return SAPGD(threat, steps: steps, restarts: restarts)
    case .fab: return FAB(threat, steps: steps, restarts: restarts)
    case .fabTargeted: return TargetedFAB(threat, steps: steps, restarts: restarts)
    case .square: return Square(threat, queries: queries, restarts: restarts)
    case .autoAttack: return AutoAttack.standard(threat, steps: steps, queries: queries)
    case .autoAttackRand: return AutoAttack.rand(threat, steps: steps, draws: draws ?? 20)
    case .gaussian:
      return RandomNoise(
        threat, .gaussian(standardDeviation: settings.noiseDeviation ?? 0), samples: samples)
    case .uniform: return RandomNoise(threat, .uniform, samples: samples)
    case .corner: return RandomNoise(threat, .corner, samples: samples)
    }
  }

  /// The attack on a network: through the view, from the substitute, on means over draws.
  ///
  /// With a substitute the view is the substitute's.
  /// - Parameters:
  ///   - substitute: the network that ``substitute`` names.
  ///   - seed: of a stochastic coding.
  /// - Throws: ``UsageError`` where the network has no views.
  func attack(
    on network: LoadedNetwork, substitute: LoadedNetwork?, seed: UInt64
  ) throws -> any Attack {
    var attack = bare
    let view = try view.map { name in
      let subject = substitute ?? network
      guard name == NamedGradientView.own.name || subject.recipe.activation == .spiking else {
        throw UsageError(
          "--through \(name): expected a spiking network, found \(subject.path) with activation "
            + "\(subject.recipe.activation.rawValue); it has one gradient only, leave the option out"
        )
      }
      return try NamedGradientView.known(name)
    }
    if let substitute {
      let place = self.substitute ?? substitute.path
      let source = substitute.source(view ?? .own, seed: seed, drawsPerIteration: draws ?? 1)
      attack = Transfer(
        attack,
        from: GradientSource(
          name: place + (view.map { " through \($0.name)" } ?? ""), isSubstitute: true,
          makeClassifier: source.makeClassifier))
    } else if let view {
      attack = AttackThroughSource(
        attack, through: network.source(view, seed: seed, drawsPerIteration: draws ?? 1))
    }
    // AutoAttack rand has the draws in its parts.
    guard let draws, name != .autoAttackRand else { return attack }
    return ExpectationOverTransformation(attack, draws: draws)
  }
}

extension NamedAttack: CustomStringConvertible {
  /// As `PGD-10, L2 ε 0.5, steps of 0.125 from a random start, through bptr, means of 20 draws, from run-2`.
  public var description: String {
    // An L2 length is no number of grey levels.
    let text = threat.norm == .l2 ? { "\($0)" } : PixelText.text
    var parts = [bare.name, (threat.norm == .l2 ? "L2 ε " : "ε ") + text(threat.epsilon)]
    if let stepSize = settings.stepSize {
      let start = settings.randomStart.map {
        $0 ? " from a random start" : " from the image itself"
      }
      parts.append("steps of \(text(stepSize))" + (start ?? ""))
    }
    if let view { parts.append("through \(view)") }
    if let draws { parts.append("means of \(draws) draws") }
    if let substitute { parts.append("from \(substitute)") }
    return parts.joined(separator: ", ")
  }
}
