import Datasets
import Layers
import Models
import Optimization
import Spiking
import TestSupport
import Testing
import Torch

@testable import Training

/// That it all learns something real; skipped where set-up could not have the data.
@Suite(.enabled(if: InstalledFashionMNIST.isExpected, "\(InstalledFashionMNIST.comment)"))
struct ConvergenceTests {
  /// A linear classifier on as many images reaches about the same; chance is 10 %, silent neurons too.
  @Test(arguments: [false, true])
  func `1,500 pictures of clothes teach a small network most of the classes`(deflating: Bool) throws
  {
    let train = try IDXCollection.fashionMNIST.load(.train, roots: [InstalledFashionMNIST.root])
      .prefix(1500)
    let test = try IDXCollection.fashionMNIST.load(.test, roots: [InstalledFashionMNIST.root])
      .prefix(500)
    let network = try VGG(
      VGGConfiguration(
        .vgg5, classes: 10, channels: 1, imageSize: 28, width: 1.0 / 8,
        normalization: .fashionMNIST),
      using: Generator(seed: 0))
    let encoder = DirectEncoding(steps: 4)
    let loader = DataLoader(train, batchSize: 32, order: .shuffled, augmentations: [.randomFlip])
    let optimizer = Optimizer {
      if deflating { DominantSingularDeflation() }
      WeightDecay(5e-4)
      Momentum(0.9)
      LearningRate(.cosine(from: 0.1, over: 2 * loader.batchesPerEpoch))
    }
    let step = TrainingStep(
      network: network, encoder: encoder, objective: PerStepCrossEntropy(), optimizer: optimizer)
    var run = TrainingRun(step: step, loader: loader, epochs: 2)
    try run.trainQuietly()
    let correct = try countCorrect(network.classifier(encoder), on: test)
    #expect(Double(correct) / 500 >= 0.7)
    #expect(run.history[1].loss < run.history[0].loss)
  }
}
