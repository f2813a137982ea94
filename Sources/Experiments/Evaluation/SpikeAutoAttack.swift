import Attacks
import Models
import Spiking
import Torch

/// The suite: attacks with nothing to tune, those that break most for least first.
///
/// 1. SA-PGD through adaptively sharp surrogates (ASSG).
/// 2. The surrogate ensemble: APGD through each view, best first; which are best is measured on a few images.
/// 3. AutoAttack's standard composition but for Square, through the best view.
/// 4. Transfer from the substitutes, and from the artificial twins of the same weights.
/// 5. Square, which needs no gradient.
/// 6. Random corners of the ball.
/// 7. Random points of the ball: weaker on the whole, but a spike that must *not* come may need the inside.
///
/// Every attack meets the survivors of all before it only, so the union is the per-example worst case, and the order
/// changes what it costs and not what it is. Croce and Hein 2020 (AutoAttack); Wang et al., arXiv 2512.22522
/// (ASSG, SA-PGD); Özdenizci and Legenstein, TMLR 2024 (ensemble).
public struct SpikeAutoAttack {
  public let threat: ThreatModel
  public let effort: EvaluationRecipe.Effort
  /// How many the network knows: some losses need more than others.
  let classes: Int
  /// A network that does not spike has one gradient and no views.
  let spikes: Bool
  let substitutes: [GradientSource]
  /// The network under a gradient view.
  let source: (NamedGradientView) -> GradientSource

  init(
    _ threat: ThreatModel, effort: EvaluationRecipe.Effort, classes: Int, spikes: Bool = true,
    substitutes: [GradientSource] = [], source: @escaping (NamedGradientView) -> GradientSource
  ) {
    self.threat = threat
    self.effort = effort
    self.classes = classes
    self.spikes = spikes
    self.substitutes = substitutes
    self.source = source
  }

  /// - Parameter seed: of a stochastic coding.
  init(
    _ threat: ThreatModel, effort: EvaluationRecipe.Effort, on network: LoadedNetwork,
    substitutes: [Substitute] = [], seed: UInt64 = 0
  ) {
    self.init(
      threat, effort: effort, classes: network.recipe.classes,
      spikes: network.recipe.activation == .spiking,
      substitutes: substitutes.map { $0.source(seed: seed) }
    ) { network.source($0, seed: seed) }
  }

  // MARK: Views

  /// Views of the ensemble, to be ranked.
  var candidates: [NamedGradientView] {
    guard spikes else { return [.own] }
    let views: [NamedGradientView] =
      switch effort {
      case .none: []
      case .quick:
        Self.named(
          "triangle-0.5", "triangle-1.0", "triangle-2.0", "arctan-4", "arctan-8", "hart-1.0", "mix")
      case .standard:
        NamedGradientView.ensemble + NamedGradientView.arctans + NamedGradientView.rules
          + Self.named("hart-0.5", "hart-1.0", "hart-2.0", "mix", "triangle-0.1")
      case .full:
        NamedGradientView.catalogue.filter { view in
          !NamedGradientView.adaptive.contains { $0.name == view.name }
        }
      }
    var names: Set<String> = []
    return ([.own] + views).filter { !$0.changesForward && names.insert($0.name).inserted }
  }

  /// Ranks one view: what survives it is the rank.
  func scout(_ view: NamedGradientView) -> AttackStage {
    // ε = 0 is no attack, but its settings must make sense.
    let step = max(threat.epsilon, 1 / 255) / 4
    return through(view, PGD(threat, stepSize: step, steps: 10), "scouting")
  }

  private static func named(_ names: String...) -> [NamedGradientView] {
    names.map { name in
      guard let view = NamedGradientView.named(name) else {
        preconditionFailure("no gradient view '\(name)'")
      }
      return view
    }
  }

  // MARK: Stages

  /// - Parameter ranking: ``candidates``, best first.
  func stages(_ ranking: [NamedGradientView]) -> [AttackStage] {
    guard effort != .none else { return [] }
    let best = ranking[0]
    let square = Square(threat, queries: pick(500, 5000, 10_000))
    let samples = pick(100, 1000, 5000)
    return adaptive + ensemble(ranking) + autoAttack(best) + transfers + [
      AttackStage(square, name: "Square", usesGradients: false),
      AttackStage(
        RandomNoise(threat, .corner, samples: samples), name: "random corners", usesGradients: false
      ),
      AttackStage(
        RandomNoise(threat, .uniform, samples: samples), name: "random points", usesGradients: false
      ),
    ]
  }

  private var adaptive: [AttackStage] {
    guard spikes else { return [] }
    let views = pick(
      Self.named("assg-0.85"), Self.named("assg-0.85", "assg-0.9", "assg-0.8"),
      NamedGradientView.adaptive)
    let short = views.map {
      through(
        $0,
        SAPGD(threat, steps: pick(30, 100, 100), restarts: pick(1, 1, 3), stopsWhenAllFooled: true),
        "ASSG + SA-PGD")
    }
    guard effort == .full else { return short }
    return short
      + views.map {
        through($0, SAPGD(threat, steps: 500, stopsWhenAllFooled: true), "ASSG + SA-PGD")
      }
  }

  private func ensemble(_ ranking: [NamedGradientView]) -> [AttackStage] {
    guard spikes else { return [] }
    return ranking.prefix(pick(3, 12, ranking.count)).flatMap { view in
      losses.map { through(view, apgd($0, steps: pick(20, 50, 100)), "surrogate ensemble") }
    }
  }

  /// AutoAttack's parts as far as so many classes allow.
  private func autoAttack(_ view: NamedGradientView) -> [AttackStage] {
    let targets = min(9, classes - 1)
    var attacks: [any Attack] = [apgd(.crossEntropy, steps: pick(50, 100, 100))]
    if classes >= AttackLoss.targetedLogitRatio(targets: Tensor(0)).fewestClasses {
      attacks.append(
        TargetedAPGD(
          threat, steps: pick(20, 100, 100), targets: min(targets, pick(3, 9, 9)),
          stopsWhenAllFooled: true))
    } else {
      attacks += losses.dropFirst().map { apgd($0, steps: pick(50, 100, 100)) }
    }
    if effort != .quick { attacks.append(TargetedFAB(threat, steps: 100, targets: targets)) }
    return attacks.map { through(view, $0, "AutoAttack") }
  }

  private var transfers: [AttackStage] {
    let twins = spikes ? NamedGradientView.conversions.map { source($0) } : []
    return (substitutes + twins).flatMap { source in
      losses.map {
        AttackStage(Transfer(apgd($0, steps: pick(20, 100, 100)), from: source), name: "transfer")
      }
    }
  }

  /// Cross-entropy, and a loss free of the logits' scale as far as there are classes for one.
  private var losses: [AttackLoss] {
    [.crossEntropy, classes >= AttackLoss.logitRatio.fewestClasses ? .logitRatio : .margin]
  }

  private func apgd(_ loss: AttackLoss, steps: Int) -> APGD {
    APGD(threat, loss: loss, steps: steps, stopsWhenAllFooled: true)
  }

  private func through(
    _ view: NamedGradientView, _ attack: any Attack, _ name: String
  ) -> AttackStage {
    AttackStage(AttackThroughSource(attack, through: source(view)), name: name)
  }

  private func pick<Value>(_ quick: Value, _ standard: Value, _ full: Value) -> Value {
    switch effort {
    case .none, .quick: quick
    case .standard: standard
    case .full: full
    }
  }
}

extension LoadedNetwork {
  /// This network under a gradient view.
  ///
  /// - Parameters:
  ///   - seed: of a stochastic coding, which begins anew with every run of an attack.
  ///   - drawsPerIteration: gradients in a row that the attack averages; matters to views with a memory.
  func source(
    _ view: NamedGradientView, seed: UInt64, drawsPerIteration: Int = 1
  ) -> GradientSource {
    let (network, encoder) = (network, recipe.encoder)
    return GradientSource(name: view.name, isSubstitute: view.changesForward) {
      network.classifier(
        encoder, averaging: view.views(drawsPerIteration: drawsPerIteration),
        using: Generator(seed: seed))
    }
  }
}

extension Substitute {
  func source(seed: UInt64) -> GradientSource {
    let loaded = loaded
    return GradientSource(name: name, isSubstitute: true) { loaded.classifier(seed: seed) }
  }
}
