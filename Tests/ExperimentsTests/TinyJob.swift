import Datasets
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

@testable import Experiments

/// A training job of milliseconds, and the same steps called by hand.
enum TinyJob {
  /// 22 images of 8×8 pixels; each of four classes is bright in another quarter, under noise.
  static let dataset: ImageDataset = {
    let labels = (0..<22).map { $0 * 7 % 4 }
    let noise = Tensor.uniform([22, 1, 8, 8], in: 0...0.5, using: Generator(seed: 5))
    let values = noise.scalars(of: Float.self).enumerated().map { index, value in
      let (row, column) = (index % 64 / 8, index % 8)
      return row / 4 * 2 + column / 4 == labels[index / 64] ? value + 0.4 : value
    }
    let tensors: NamedTensors = [
      "images": Tensor(values, shape: [22, 1, 8, 8]), "labels": Tensor(labels),
    ]
    return try! ImageDataset(
      tensors, from: "memory", name: "quarters", split: .train, classes: 4)
  }()

  /// With batches of 6 and a partial last one.
  static let batchesPerEpoch = 4

  static var network: NetworkRecipe {
    var recipe = NetworkRecipe()
    recipe.classes = 4
    recipe.imageSize = 8
    recipe.width = 0.125
    recipe.head = .compact
    recipe.steps = 3
    return recipe
  }

  static var training: TrainingRecipe {
    var recipe = TrainingRecipe()
    recipe.epochs = 1
    recipe.batchSize = 6
    recipe.seed = 9
    recipe.threads = 1
    recipe.cropPadding = 1
    recipe.learningRate = 0.05
    recipe.decay = .constant
    return recipe
  }

  /// What a run is made of, without any recipe.
  struct Parts {
    var neuron = LIF()
    var encoder: any Encoder = DirectEncoding(steps: 3)
    var augmentations: [Augmentation] = [.randomCrop(padding: 1), .randomFlip]
    var exposure = Exposure.clean
    var objective = PerStepCrossEntropy(meanSquareWeight: 0)
    var batchStatistics = BatchStatistics.allSteps
    var unrolling = Unrolling.allSteps
    var sharpness: SharpnessAwareAscent?
    var epochs = 1
    var chain: [any GradientTransform] = [
      WeightDecay(5e-4), Momentum(0.9), LearningRate(.constant(0.05)),
    ]

    /// Weights, the optimiser's state and the epochs' reports.
    func train() throws -> Result {
      let threads = Engine.threads
      Engine.threads = 1
      defer { Engine.threads = threads }
      let network = try VGG(
        VGGConfiguration(
          .vgg5, classes: 4, channels: 1, imageSize: 8, width: 0.125, head: .compact,
          neuron: neuron),
        using: Generator(seed: 9))
      let step = TrainingStep(
        network: network, encoder: encoder, exposure: exposure, objective: objective,
        batchStatistics: batchStatistics, unrolling: unrolling, sharpness: sharpness,
        optimizer: Optimizer(chain), seed: 9)
      var run = TrainingRun(
        step: step,
        loader: DataLoader(
          dataset, batchSize: 6, order: .shuffled, seed: 9, augmentations: augmentations),
        epochs: epochs)
      try run.train(onStep: { _ in })
      return Result(network.weights, run.step.optimizer.state, run.history)
    }
  }

  struct Result: Equatable {
    let tensors: [String: [Float]]
    let history: [[Double]]

    init(_ weights: NamedTensors, _ state: NamedTensors, _ history: [EpochReport]) {
      var all = weights
      all.merge(state.prefixed("optimizer."))
      tensors = Dictionary(
        uniqueKeysWithValues: all.map {
          ($0.name, $0.tensor.detached().converted(to: .float32).scalars(of: Float.self))
        })
      self.history = history.map { [$0.loss, $0.accuracy, $0.spikeRate, Double($0.images)] }
    }

    init(_ outcome: TrainingJob.Outcome) {
      self.init(outcome.network.weights, outcome.optimizerState, outcome.manifest.history)
    }
  }
}
