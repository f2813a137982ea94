import Attacks
import Training

/// All that an evaluation measured; `results.json` holds it, and the report is drawn from it.
public struct EvaluationResults: Codable, Sendable, Equatable {
  /// How an evaluation ended.
  public enum Status: String, Codable, Sendable {
    case finished
    /// By a signal; `--resume` goes on.
    case stopped
    /// `--resume` goes on with a new budget.
    case outOfBudget
  }

  public let spikeguard: String
  public let engine: String
  public let created: String
  public let machine: Machine
  public let status: Status
  public let network: NetworkRecipe
  /// The file that they are from.
  public let weights: String
  /// ``LoadedNetwork/digest()``
  public let networkDigest: String
  public let data: DatasetFacts
  public let recipe: EvaluationRecipe
  public let substitutes: [SubstituteFacts]
  /// nil where not even this was measured.
  public let clean: Score?
  /// What the suite left: an upper bound of robustness, and where the suite is unfinished a looser one than it can
  /// give. Of a random network the majority of fresh passes. nil where no stage began.
  public let robust: Score?
  /// Best first: accuracy that PGD-10 through each view left on a few images.
  public let views: [ViewScore]
  /// Whether the network draws random numbers; nil where nothing was measured on it.
  public let randomness: ClassifierRandomness?
  /// m, draws that a gradient was the mean of; nil for a network that draws no random numbers.
  public let draws: Int?
  /// Reasons not to take the numbers as they are.
  public let warnings: [AutoAttackWarning]
  public let suite: WorstCaseResult?
  public let epsilonSweep: [AttackScore]
  public let stepSweep: [AttackScore]
  public let blackBox: [SourceScore]
  /// Stages and tables that were not done to their end.
  public let unfinished: [String]
  /// Of work, over all lives of the evaluation.
  public let seconds: Double
}

/// A network that adversarial images were made on.
public struct SubstituteFacts: Codable, Sendable, Equatable {
  public let name: String
  public let digest: String
  /// Its own clean accuracy on the attacked images.
  public let clean: Score
  public let network: NetworkRecipe
  /// As its checkpoint says; nil for bare weights.
  public let training: TrainingRecipe?
}

/// What PGD-10 through one gradient view left.
public struct ViewScore: Codable, Sendable, Equatable {
  public let view: String
  public let score: Score
}

/// What an attack left whose images were made on one network.
public struct SourceScore: Codable, Sendable, Equatable {
  /// nil for the attacked network itself.
  public let substitute: String?
  public let score: AttackScore
}

extension Score {
  init(_ interval: BinomialInterval) {
    self.init(correct: interval.successes, total: interval.trials)
  }
}
