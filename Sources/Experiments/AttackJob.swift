import Attacks
import Datasets
import Foundation
import Spiking
import Torch

/// Distances in pixel units as people write them.
public enum PixelText {
  /// `8/255` or `0.25/255` where it is a whole number of quarter levels, else as it is: `0.03`.
  public static func text(_ distance: Double) -> String {
    let quarters = distance * 255 * 4
    guard distance > 0, abs(quarters - quarters.rounded()) < 1e-9 else { return "\(distance)" }
    let text = String(format: "%g/255", quarters.rounded() / 4)
    // A text that is read back as another number would make another run of it.
    return value(text) == distance ? text : "\(distance)"
  }

  static let expected = "a fraction as 8/255 or a number from 0 to 1 (pixels are in [0, 1])"

  /// The number that `8/255` or `0.03` stands for; nil where it is none from 0 to 1.
  static func value(_ text: String) -> Double? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count <= 2, let numerator = parts[0],
      let denominator = parts.count == 2 ? parts[1] : 1, denominator > 0
    else { return nil }
    let value = numerator / denominator
    return value >= 0 && value <= 1 ? value : nil
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
  ///
  /// - Parameter recipes: those of the evaluation's attacks, in their order.
  public func scores(_ recipes: [AttackRecipe]) -> [AttackScore] {
    zip(recipes, attacks).map { recipe, outcome in
      AttackScore(
        recipe, seed: seed,
        score: Score(
          correct: outcome.robustAccuracy.successes, total: outcome.robustAccuracy.trials),
        seconds: outcome.seconds)
    }
  }

  public var cleanScore: Score {
    Score(
      correct: zip(labels, cleanPredictions).count { $0 == $1 }, total: labels.count)
  }
}
