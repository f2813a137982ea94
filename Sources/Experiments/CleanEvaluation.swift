import Datasets
import Models
import Spiking
import Training

/// Clean accuracy on a whole data set.
public enum CleanEvaluation {
  public static func score(
    _ network: any SpikingNetwork, _ recipe: NetworkRecipe, on dataset: ImageDataset,
    progress: (Int) throws -> Void = { _ in }
  ) rethrows -> Score {
    let correct = try countCorrect(
      network.classifier(recipe.encoder), on: dataset, onBatch: progress)
    return Score(correct: correct, total: dataset.count)
  }
}
