import Attacks
import Datasets
import Layers
import Spiking
import Torch
import Training

/// Accuracy as the authors' release measures it. **Not a valid evaluation**: it shows what each of its defects
/// does to the numbers.
public enum ReleasedEvaluation {
  /// Attacks every image of a data set and scores what the release would score.
  ///
  /// - Parameters:
  ///   - recipe: FGSM or PGD; PGD starts at random and once, as the release's.
  ///   - parts: which defects.
  /// - Throws: ``UsageError`` for settings that the release has not, the attack's error otherwise.
  public static func score(
    _ loaded: LoadedNetwork, on dataset: ImageDataset, _ recipe: AttackRecipe,
    parts: ReleasedProtocol, seed: UInt64, batchSize: Int, progress: (Int) -> Void = { _ in }
  ) throws -> Score {
    let network = loaded.recipe
    let attack = ReleasedAttack(
      try method(of: recipe), epsilon: recipe.attack.threat.epsilon, parts: parts,
      normalization: network.normalization ?? .identity(channels: network.channels))
    let generator = Generator(seed: seed)
    var correct = 0
    for batch in DataLoader(dataset, batchSize: batchSize).epoch(0) {
      let logits = try attack.logits(
        batch.images, labels: batch.labels, of: loaded.network, encoder: network.encoder,
        using: generator)
      correct += Int((logits.argmax(along: 1) .== batch.labels).sum().item())
      progress(batch.index * batchSize + batch.count)
    }
    return Score(correct: correct, total: dataset.count)
  }

  private static func method(of recipe: AttackRecipe) throws(UsageError) -> ReleasedAttack.Method {
    switch recipe {
    case .fgsm: return .fgsm
    case .named(let attack):
      throw UsageError(
        "the released attack: expected FGSM or PGD in L∞ on the network itself, found \(attack); the "
          + "release has no other")
    case .pgd(_, let stepSize, let steps, let restarts, let randomStart):
      guard restarts == 1, randomStart else {
        throw UsageError(
          "the released attack: expected one run from a random start, found "
            + (randomStart ? "--restarts \(restarts)" : "--no-random-start")
            + "; the release has neither")
      }
      return .pgd(stepSize: stepSize, steps: steps)
    }
  }
}
