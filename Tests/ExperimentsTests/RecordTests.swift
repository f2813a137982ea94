import Datasets
import Foundation
import TestSupport
import Testing
import Torch

@testable import Experiments

/// What a run writes down of itself.
@Suite struct RecordTests {
  private static let recipes: [AttackRecipe] = [
    .fgsm(epsilon: 8.0 / 255),
    .pgd(epsilon: 0.03, stepSize: 0.5 / 255, steps: 7, restarts: 3, randomStart: true),
    .pgd(epsilon: 1.0 / 255, stepSize: 0.25 / 255, steps: 10, restarts: 1, randomStart: true),
    .pgd(epsilon: 1, stepSize: 2.0 / 255, steps: 1, restarts: 1, randomStart: false),
  ]
  private static let texts = [
    "FGSM, ε 8/255",
    "PGD-7 ×3, ε 0.03, steps of 0.5/255 from a random start",
    "PGD-10, ε 1/255, steps of 0.25/255 from a random start",
    "PGD-1, ε 255/255, steps of 2/255 from the image itself",
  ]

  @Test(arguments: zip(recipes, texts))
  func `an attack says its settings`(_ recipe: AttackRecipe, _ text: String) {
    #expect("\(recipe)" == text)
  }

  @Test func `the curve of a deflated run holds each matrix's leading singular values`() throws {
    let images = (randomTensor([24, 1, 8, 8], seed: 3)).sigmoid()
    let labels = Tensor((0..<24).map { Int64($0 % 3) })
    let dataset = try ImageDataset(
      ["images": images, "labels": labels], from: "made up", name: "tiny", split: .train)
    var network = NetworkRecipe()
    network.width = 0.125
    network.imageSize = 8
    network.classes = 3
    var training = TrainingRecipe()
    training.epochs = 1
    training.batchSize = 8
    training.cropPadding = nil
    for deflation in [TrainingRecipe.Deflation.none, .fast, .svd] {
      training.deflation = deflation
      let outcome = try TrainingJob(
        network: network, training: training, datasets: RunDatasets(training: dataset),
        stepsPerPoint: 2
      ).run()
      #expect(outcome.curve.map(\.step) == [2, 3])
      guard deflation != .none else {
        #expect(outcome.curve.allSatisfy { $0.deflation == nil && $0.deflationFallbacks == nil })
        #expect(outcome.deflationFallbacks == nil)
        continue
      }
      #expect(outcome.deflationFallbacks == 0)
      for point in outcome.curve {
        let layers = try #require(point.deflation)
        #expect(
          layers.map(\.layer)
            == ["layer1.0.weight", "layer2.0.weight", "layer2.4.weight", "classifier.1.weight"])
        for layer in layers {
          #expect(layer.sigma1 >= layer.sigma2 && layer.sigma2 >= 0 && layer.sigma1 > 0)
          #expect(layer.energyRemoved > 0 && layer.energyRemoved <= 1)
        }
      }
    }
  }
}
