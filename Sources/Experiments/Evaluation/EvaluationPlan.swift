import Attacks
import Datasets
import Spiking

/// What an evaluation measures, in order: views, suite, tables.
struct EvaluationPlan {
  /// One measurement on the first images.
  struct Row {
    /// Its key in the ledger.
    let name: String
    let threat: ThreatModel
    let stages: [AttackStage]
    let images: Int
    let makeClassifier: (UInt64) -> Classifier
  }

  /// Measurements under one title.
  struct Table {
    let title: String
    let rows: [Row]
  }

  let job: EvaluationJob
  let suite: SpikeAutoAttack

  init(_ job: EvaluationJob) {
    self.job = job
    suite = SpikeAutoAttack(
      job.recipe.threat, effort: job.recipe.effort, on: job.network, substitutes: job.substitutes)
  }

  var hasSuite: Bool { job.recipe.effort != .none }

  /// As the results name what was not done.
  var titles: [String] { (hasSuite ? ["suite"] : []) + tables.map(\.title) }

  /// Images that views are compared on.
  static let scoutedImages = 100

  func scoutingName(_ view: NamedGradientView) -> String { "view \(view.name)" }

  var scouting: [Row] {
    suite.candidates.map { view in
      row(
        scoutingName(view), job.recipe.threat, [suite.scout(view)], images: Self.scoutedImages)
    }
  }

  var tables: [Table] {
    let substitutes =
      job.substitutes.isEmpty && !job.recipe.sweeps.contains(.blackBox)
      ? [] : [Table(title: "Substitutes", rows: substitutes.map(\.clean))]
    return substitutes
      + job.recipe.sweeps.map { sweep in
        switch sweep {
        case .epsilon: Table(title: "Sweep over ε", rows: epsilonRecipes.map(row))
        case .steps: Table(title: "Sweep over steps", rows: stepRecipes.map(row))
        case .blackBox: Table(title: "White box and black box", rows: blackBox.map(\.row))
        }
      }
  }

  // MARK: Sweeps

  var epsilonRecipes: [AttackRecipe] {
    EvaluationRecipe.epsilons.flatMap { [.fgsm(epsilon: $0), EvaluationRecipe.pgd($0)] }
  }

  var stepRecipes: [AttackRecipe] {
    EvaluationRecipe.stepCounts.map {
      EvaluationRecipe.pgd(job.recipe.threat.epsilon, steps: $0)
    }
  }

  /// Of one attack on the network itself.
  private func row(_ recipe: AttackRecipe) -> Row {
    row(Self.name(recipe), recipe.attack.threat, [AttackStage(recipe.attack)])
  }

  /// Alike for the same attack in another table, which is then not run twice.
  static func name(_ recipe: AttackRecipe, from substitute: String? = nil) -> String {
    "\(recipe)" + (substitute.map { " from \($0)" } ?? "")
  }

  private func row(
    _ name: String, _ threat: ThreatModel, _ stages: [AttackStage], images: Int = .max
  ) -> Row {
    let network = job.network
    return Row(name: name, threat: threat, stages: stages, images: images) {
      network.classifier(seed: $0)
    }
  }

  // MARK: Black box

  /// Networks that images are made on: those given, and the artificial twin of the same weights.
  var substitutes: [(name: String, source: GradientSource, clean: Row)] {
    var networks: [(String, GradientSource)] = job.substitutes.map { ($0.name, $0.source) }
    if job.network.recipe.activation == .spiking, let twin = NamedGradientView.conversions.first {
      networks.append(("ReLU twin of the same weights", job.network.source(twin)))
    }
    return networks.map { name, source in
      let clean = Row(
        name: "clean \(name)", threat: job.recipe.threat, stages: [], images: .max
      ) { source.makeClassifier(.init(draws: 1, seed: $0)) }
      return (name, source, clean)
    }
  }

  var blackBox: [(recipe: AttackRecipe, substitute: String?, row: Row)] {
    let epsilon = job.recipe.threat.epsilon
    return [AttackRecipe.fgsm(epsilon: epsilon), EvaluationRecipe.pgd(epsilon)].flatMap { recipe in
      [(recipe, nil, row(recipe))]
        + substitutes.map { name, source, _ in
          let attack = Transfer(recipe.attack, from: source)
          return (
            recipe, name,
            row(Self.name(recipe, from: name), attack.threat, [AttackStage(attack)])
          )
        }
    }
  }
}
