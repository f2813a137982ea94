import Attacks
import Datasets
import Layers
import Models
import Spiking
import Torch

/// What other tools need to check us: logits and adversarial images as tensors.
public enum Exchange {
  /// Logits of a whole data set at every time step, `[T, N, classes]`, in evaluation mode.
  public static func logits(
    _ loaded: LoadedNetwork, on dataset: ImageDataset, batchSize: Int = 256
  ) -> Tensor {
    withoutGradients {
      // For a stochastic coding: one draw for each image, the same in every run.
      let generator = Generator(seed: 0)
      let parts = DataLoader(dataset, batchSize: batchSize).epoch(0).map { batch in
        var pass = ForwardPass(.evaluation, using: generator)
        return loaded.network(loaded.recipe.encoder(batch.images, &pass), &pass)
      }
      return Tensor.concatenating(parts, along: 1)
    }
  }

  /// Attacks every image of a data set, those that are misclassified anyway included, and scores the result.
  ///
  /// - Parameters:
  ///   - substitute: the network that the recipe makes its images on, where it names one.
  ///   - start: starting points of the attack's first run, `[N, C, H, W]`; PGD only.
  public static func attackEveryImage(
    _ loaded: LoadedNetwork, substitute: LoadedNetwork? = nil, on dataset: ImageDataset,
    _ recipe: AttackRecipe, start: Tensor?, seed: UInt64, batchSize: Int = 250,
    progress: (Int) -> Void = { _ in }
  ) throws -> (adversarial: Tensor, clean: Score, score: AttackScore) {
    if let start, start.shape != [dataset.count] + dataset.images(at: [0]).shape.dropFirst() {
      throw UsageError(
        "starting points: expected one for each of the \(dataset.count) images of "
          + "\(dataset.shape), found shape \(start.shape)")
    }
    let clock = ContinuousClock.now
    let classifier = loaded.classifier(seed: seed)
    let attack = try recipe.attack(on: loaded, substitute: substitute, seed: seed)
    let generator = Generator(seed: seed)
    var parts: [Tensor] = []
    var cleanCorrect = 0
    var robustCorrect = 0
    for batch in DataLoader(dataset, batchSize: batchSize).epoch(0) {
      let adversarial: Tensor
      if let start {
        guard let pgd = attack as? PGD else {
          throw UsageError("starting points are for PGD; \(attack.name) has none")
        }
        let first = batch.index * batchSize
        adversarial = try pgd.run(
          batch.images, labels: batch.labels, against: classifier,
          startingAt: start[first..<first + batch.count], using: generator
        ).adversarial
      } else {
        adversarial = try attack(
          batch.images, labels: batch.labels, against: classifier, using: generator)
      }
      let right = withoutGradients { classifier(batch.images).argmax(along: 1) .== batch.labels }
      let still = withoutGradients { classifier(adversarial).argmax(along: 1) .== batch.labels }
      cleanCorrect += Int(right.sum().item())
      robustCorrect += Int((right .& still).sum().item())
      parts.append(adversarial)
      progress(batch.index * batchSize + batch.count)
    }
    return (
      Tensor.concatenating(parts), Score(correct: cleanCorrect, total: dataset.count),
      AttackScore(
        recipe, as: attack, seed: seed, score: Score(correct: robustCorrect, total: dataset.count),
        seconds: clock.duration(to: .now) / .seconds(1))
    )
  }
}
