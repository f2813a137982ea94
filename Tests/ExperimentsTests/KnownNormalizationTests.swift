import Datasets
import Layers
import Testing
import Torch

@testable import Experiments

@Suite struct KnownNormalizationTests {
  /// By the data set's name, so that a part of it is normalised as the whole.
  @Test(arguments: [
    ("cifar10", [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]),
    ("cifar100", [0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761]),
  ])
  func `CIFAR is normalised as published networks were`(
    name: String, mean: [Double], deviation: [Double]
  ) throws {
    let data = try ImageDataset(
      ["images": Tensor.full(0.5, shape: [4, 3, 32, 32]), "labels": Tensor([0, 1, 0, 1])],
      from: "memory", name: name, split: .train)
    for part in [data, data.split(validationCount: 1, seed: 0).training] {
      let recipe = try NetworkRecipe().fitted(to: part)
      #expect(
        recipe.normalization == PixelNormalization(mean: mean, standardDeviation: deviation))
      #expect((recipe.channels, recipe.imageSize) == (3, 32))
    }
  }

  @Test func `every published data set has one, of as many channels`() {
    for dataset in PublishedDataset.all {
      let known = NetworkRecipe.knownNormalizations[dataset.name]
      #expect(known?.mean.count == dataset.shape.channels)
    }
  }

  @Test func `other data have none`() throws {
    let data = try ImageDataset(
      ["images": Tensor.full(0.5, shape: [1, 3, 32, 32]), "labels": Tensor([0])], from: "memory",
      name: "mine", split: .train)
    #expect(try NetworkRecipe().fitted(to: data).normalization == nil)
  }
}
