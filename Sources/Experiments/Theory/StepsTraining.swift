import Datasets
import Layers
import Spiking
import Torch
import Training

/// How networks that are built from settings are brought to where they are measured.
public struct StepsTraining: Codable, Sendable, Equatable {
  /// Steps of optimisation at each T and variant; 0 measures initial weights.
  public var steps = 0
  /// Forward passes in training mode that only move batch norm's running statistics, where there is no training: without
  /// them a fresh network is measured with statistics of nothing, and its deeper layers stay silent.
  public var calibrationBatches = 30
  /// The default recipe, its learning rate a cosine over ``steps``.
  public var recipe = TrainingRecipe()

  public init() {}

  var isNeeded: Bool { steps > 0 || calibrationBatches > 0 }
}

extension StepsTraining {
  /// Trains a network, or moves its running statistics.
  func prepare(
    _ network: any SpikingNetwork, _ recipe: NetworkRecipe, on dataset: ImageDataset, seed: UInt64
  ) throws {
    var training = self.recipe
    training.seed = seed
    training.epochs = 1
    let loader = DataLoader(
      dataset, batchSize: training.batchSize, order: .shuffled, seed: seed,
      augmentations: training.augmentations, prefetch: 0)
    let count = steps > 0 ? steps : calibrationBatches
    var step = try training.step(
      network: network, encoder: recipe.encoder,
      normalization: recipe.normalization ?? .identity(channels: recipe.channels),
      batchesPerEpoch: count, monitor: nil)
    var index = 0
    for epoch in 0... {
      for batch in loader.epoch(epoch) {
        if index == count { return }
        if steps > 0 {
          _ = try step(batch, index: index)
        } else {
          var pass = ForwardPass(.training, using: Generator(seed: seed &+ UInt64(index)))
          withoutGradients { _ = network(recipe.encoder(batch.images, &pass), &pass) }
        }
        index += 1
      }
    }
  }
}
