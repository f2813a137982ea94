import Attacks
import Layers
import Spiking
import Torch
import Training

extension AuditJob {
  /// Views of the quick audit: narrower and wider than usual, long tails, and three rules that are no surrogate.
  static let quickViews = [
    "triangle-0.25", "triangle-0.5", "triangle-2.0", "arctan-4", "straight-through", "bptr", "pdsg",
  ]

  /// The network's classifier, the ways into it, and how it is scored.
  func subject() throws -> AuditSubject {
    let (loaded, seed, job) = (loaded, seed, self)
    var subject =
      released.contains(.leakedState)
      ? AuditSubject { job.leakingClassifier() }
      : AuditSubject { loaded.classifier(seed: seed) }
    for view in views {
      var source = GradientSource(name: view.name, isSubstitute: view.changesForward) {
        loaded.network.classifiers(
          loaded.recipe.encoder, under: view, drawsPerIteration: $0.draws,
          using: Generator(seed: $0.seed))()
      }
      source.remembersRows = view.isStateful
      if view.changesForward {
        subject.substitutes.append(source)
      } else {
        subject.surrogates.append(source)
      }
    }
    subject.substitutes += substitutes.map { other in
      GradientSource(name: other.path, isSubstitute: true) { other.classifier(seed: $0.seed) }
    }
    if !released.isEmpty { subject.evaluationAtZero = releasedEvaluation() }
    return subject
  }

  /// Those that the effort pays for. Where no unit spikes they would all be the same.
  static func views(of effort: AuditEffort) -> [NamedGradientView] {
    switch effort {
    case .quick: return quickViews.map { NamedGradientView.named($0)! }
    case .standard:
      var names: Set<String> = []
      let chosen =
        NamedGradientView.ensemble + NamedGradientView.arctans + NamedGradientView.rules
        + NamedGradientView.adaptive + NamedGradientView.conversions
      return chosen.filter { names.insert($0.name).inserted }
    }
  }
}
