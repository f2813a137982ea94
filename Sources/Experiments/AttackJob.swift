import Attacks
import Datasets
import Spiking
import Torch

/// An attack as options say it.
public enum AttackRecipe: Codable, Sendable, Equatable {
  case fgsm(epsilon: Double)
  case pgd(epsilon: Double, stepSize: Double, steps: Int, restarts: Int, randomStart: Bool)

  public var attack: any Attack {
    switch self {
    case .fgsm(let epsilon): FGSM(epsilon: epsilon)
    case .pgd(let epsilon, let stepSize, let steps, let restarts, let randomStart):
      PGD(
        .linf(epsilon), stepSize: stepSize, steps: steps, start: randomStart ? .random : .image,
        restarts: restarts)
    }
  }
}

/// Measures a classifier under attacks, over a whole data set.
public struct AttackJob {
  public let classifier: Classifier
  public let dataset: ImageDataset
  public let attacks: [AttackRecipe]
  public let seed: UInt64
  public let batchSize: Int

  public init(
    _ classifier: @escaping Classifier, on dataset: ImageDataset, attacks: [AttackRecipe],
    seed: UInt64, batchSize: Int = 250
  ) {
    self.classifier = classifier
    self.dataset = dataset
    self.attacks = attacks
    self.seed = seed
    self.batchSize = batchSize
  }

  /// - Parameters:
  ///   - progress: told after each batch.
  ///   - visit: given each attack's images of each batch.
  public func run(
    progress: (RobustnessEvaluation.Progress) -> Void = { _ in },
    visit: (RobustnessEvaluation.AttackedBatch) -> Void = { _ in }
  ) throws -> RobustnessResult {
    let batches = DataLoader(dataset, batchSize: batchSize).epoch(0).lazy.map {
      LabeledImages(images: $0.images, labels: $0.labels)
    }
    return try RobustnessEvaluation(attacks: attacks.map(\.attack), seed: seed)(
      classifier, on: batches, progress: progress, visit: visit)
  }
}

extension RobustnessResult {
  /// What each attack left, as records.
  public var scores: [AttackScore] {
    attacks.map {
      AttackScore(
        attack: $0.name, epsilon: $0.threat.epsilon,
        score: Score(
          correct: $0.robustAccuracy.successes, total: $0.robustAccuracy.trials),
        seconds: $0.seconds)
    }
  }

  public var cleanScore: Score {
    Score(
      correct: zip(labels, cleanPredictions).count { $0 == $1 }, total: labels.count)
  }
}
