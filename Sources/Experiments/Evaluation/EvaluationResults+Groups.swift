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
    /// Share of the gradients taken that were zero in every pixel; nil where none was taken.
    public let zeroGradientShare: Double?
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
        zeroGradientShare: gradients == 0
          ? nil
          : Double(members.reduce(0) { $0 + $1.cost.zeroGradients }) / Double(gradients),
        isFinished: members.allSatisfy(\.isFinished))
    }
  }

  /// As `L∞ 8/255`.
  public var threatText: String { "\(recipe.threat)" }
  /// Seconds that the suite's clean scores took.
  public var cleanSeconds: Double { suite?.cleanSeconds ?? 0 }
  /// m, where the network draws random numbers and gradients were means over draws.
  public var draws: Int? { suite?.draws }
  /// Of a random network, on fresh passes that no attack has seen: how many, and the mean accuracy over them.
  public var freshPasses: (count: Int, meanAccuracy: Double)? {
    suite?.fresh.map { ($0.passes, $0.meanAccuracy) }
  }
}
