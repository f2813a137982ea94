import Attacks

extension EvaluationResults {
  /// Stages of the suite that share a name as one.
  public struct StageGroup: Sendable, Equatable {
    public let name: String
    /// After the last of them.
    public let robust: Score
    public let attacked: Int
    public let broken: Int
    public let seconds: Double
    public let imagesClassified: Int
    /// Gradients that were zero in every pixel, of those taken; nil where none was.
    public let zeroGradients: BinomialInterval?
    public let isFinished: Bool
  }

  /// In the suite's order; empty where it did not run.
  public var stageGroups: [StageGroup] {
    let stages = suite?.stages ?? []
    var names: [String] = []
    for stage in stages where !names.contains(stage.name) { names.append(stage.name) }
    return names.map { name in
      let members = stages.filter { $0.name == name }
      let gradients = members.reduce(0) { $0 + $1.cost.gradients }
      return StageGroup(
        name: name, robust: Score(members[members.count - 1].robustAccuracy),
        attacked: members[0].attacked, broken: members.reduce(0) { $0 + $1.broken },
        seconds: members.reduce(0) { $0 + $1.seconds },
        imagesClassified: members.reduce(0) { $0 + $1.cost.imagesClassified },
        zeroGradients: gradients == 0
          ? nil
          : .wilson(
            successes: members.reduce(0) { $0 + $1.cost.zeroGradients }, trials: gradients),
        isFinished: members.allSatisfy(\.isFinished))
    }
  }

  /// As `L∞ 8/255`.
  public var threatText: String { "\(recipe.threat)" }
  /// Seconds that the suite's clean scores took.
  public var cleanSeconds: Double { suite?.cleanSeconds ?? 0 }
  /// Of a random network, the suite's images on fresh passes that no attack has seen.
  public var fresh: WorstCaseResult.FreshScore? { suite?.fresh }
  /// Of a random network: passes that each score is the majority of.
  public var passes: Int? {
    fresh?.passes
      ?? (epsilonSweep + stepSweep + blackBox.map(\.score)).compactMap { $0.passes?.fresh.passes }
      .first
  }
}
