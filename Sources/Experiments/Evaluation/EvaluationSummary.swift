import Attacks
import Datasets
import Foundation
import Torch

/// Makes the records of what a session has measured.
struct EvaluationSummary {
  private let session: EvaluationSession
  private let plan: EvaluationPlan
  private let unfinished: [String]
  private var job: EvaluationJob { session.job }
  private var ledger: EvaluationLedger { session.ledger }

  init(_ session: EvaluationSession, _ plan: EvaluationPlan, unfinished: [String]) {
    self.session = session
    self.plan = plan
    self.unfinished = unfinished
  }

  func outcome(_ images: LabeledImages) throws -> EvaluationJob.Outcome {
    let recipe = job.recipe
    let results = EvaluationResults(
      spikeguard: Spikeguard.version, engine: Engine.version,
      created: ISO8601DateFormatter().string(from: Date()), machine: .current,
      status: unfinished.isEmpty ? .finished : session.wasStopped ? .stopped : .outOfBudget,
      network: job.network.recipe, weights: job.network.path, networkDigest: ledger.facts.network,
      data: ledger.facts.data, recipe: recipe, substitutes: try substitutes(), clean: clean,
      robust: robust, views: views, randomness: randomness,
      draws: session.suite?.draws ?? own.lazy.compactMap(\.draws).first,
      warnings: try warnings(images), suite: session.suite,
      epsilonSweep: recipe.sweeps.contains(.epsilon) ? scores(plan.epsilonRecipes) : [],
      stepSweep: recipe.sweeps.contains(.steps) ? scores(plan.stepRecipes) : [],
      blackBox: recipe.sweeps.contains(.blackBox) ? blackBox : [], unfinished: unfinishedParts,
      seconds: session.seconds)
    return .init(results: results, adversarial: adversarial)
  }

  private var clean: Score? {
    if let suite = session.suite { return Score(suite.cleanAccuracy) }
    return own.first { $0.clean.total == job.dataset.count }?.clean
  }

  /// Measurements on the network itself.
  private var own: [MeasuredScore] {
    ledger.finished.filter { !$0.name.hasPrefix("clean ") }
  }

  private var randomness: ClassifierRandomness? {
    session.suite?.randomness ?? own.first?.randomness
  }

  private func warnings(_ images: LabeledImages) throws -> [AutoAttackWarning] {
    guard let randomness else { return [] }
    let first = images.images[0..<min(job.recipe.batchSize, images.images.size(0))]
    let logits = withoutGradients { job.network.classifier(seed: job.recipe.seed)(first) }
    let classes = logits.size(1)
    let values = logits.converted(to: .float64).scalars(of: Double.self)
    return EvaluationWarnings(
      randomness: randomness,
      outputs: stride(from: 0, to: values.count, by: classes).map {
        Array(values[$0..<$0 + classes])
      }, classes: classes, suite: session.suite
    ).all
  }

  private var robust: Score? {
    session.suite.map { Score($0.fresh?.majorityVote ?? $0.robustAccuracy) }
  }

  private var views: [ViewScore] {
    session.ranking(plan).compactMap { view, _, score in
      score.map { ViewScore(view: view, score: $0) }
    }
  }

  private func substitutes() throws -> [SubstituteFacts] {
    try plan.substitutes.compactMap { name, _, row in
      guard let measured = ledger.measurement(row.name) else { return nil }
      let given = job.substitutes.first { $0.name == name }?.loaded
      return SubstituteFacts(
        name: name, digest: try (given ?? job.network).digest(), clean: measured.clean,
        network: (given ?? job.network).recipe, training: given?.manifest?.training)
    }
  }

  private func scores(_ recipes: [AttackRecipe]) -> [AttackScore] {
    recipes.compactMap { recipe in
      ledger.measurement(EvaluationPlan.name(recipe)).map { score(recipe, $0) }
    }
  }

  private var blackBox: [SourceScore] {
    plan.blackBox.compactMap { recipe, substitute, row in
      ledger.measurement(row.name).map {
        SourceScore(substitute: substitute, score: score(recipe, $0))
      }
    }
  }

  private func score(_ recipe: AttackRecipe, _ measured: MeasuredScore) -> AttackScore {
    AttackScore(
      recipe, seed: job.recipe.seed, score: measured.score, seconds: measured.seconds,
      passes: measured.draws.flatMap { draws in
        measured.fresh.map { .init(draws: draws, fresh: $0) }
      })
  }

  /// The suite's stages one by one; tables as a whole.
  private var unfinishedParts: [String] {
    unfinished.flatMap { title in
      title == "suite" ? session.suite?.unfinishedStages ?? ["suite"] : [title]
    }
  }

  private var adversarial: AdversarialFile? {
    guard let suite = session.suite, let images = session.suiteImages else { return nil }
    return AdversarialFile(
      images: images, labels: suite.labels, indices: Array(0..<suite.labels.count),
      predictions: suite.predictions, cleanPredictions: suite.cleanPredictions,
      facts: .init(
        threat: suite.threat, dataset: ledger.facts.data, originals: ledger.facts.originals,
        network: ledger.facts.network, batchSize: job.recipe.batchSize, threads: ledger.threads,
        passes: suite.fresh?.passes ?? 1, seed: job.recipe.seed, isComplete: suite.isComplete))
  }
}
