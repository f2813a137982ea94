import Datasets
import Models
import Spiking
import Torch
import Training

/// Clean accuracy on a whole data set. A stochastic coding draws by the seed, once for each image.
public enum CleanEvaluation {
  public static func score(
    _ network: any SpikingNetwork, _ recipe: NetworkRecipe, on dataset: ImageDataset,
    seed: UInt64 = 0,
    progress: (Int) throws -> Void = { _ in }
  ) rethrows -> Score {
    let correct = try countCorrect(
      network.classifier(recipe.encoder, using: Generator(seed: seed)), on: dataset, onBatch: progress)
    return Score(correct: correct, total: dataset.count)
  }
}
