import Attacks
import Datasets
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

@testable import Experiments

/// A small spiking network, trained in a second, and the same weights with a fault each.
enum AuditedNetworks {
  static let epsilon = 0.05

  /// Each of four classes is bright in another quarter of 8 × 8 pixels, in whole levels of a byte.
  static func dataset(count: Int, seed: UInt64) -> ImageDataset {
    let labels = (0..<count).map { $0 * 7 % 4 }
    let noise = Tensor.uniform([count, 1, 8, 8], in: 0...0.6, using: Generator(seed: seed))
      .scalars(of: Float.self)
    let values = noise.enumerated().map { index, value in
      let (row, column) = (index % 64 / 8, index % 8)
      let bright = row / 4 * 2 + column / 4 == labels[index / 64] ? value + 0.3 : value
      return (bright * 255).rounded() / 255
    }
    return try! ImageDataset(
      ["images": Tensor(values, shape: [count, 1, 8, 8]), "labels": Tensor(labels)],
      from: "memory", name: "quarters", split: .test, classes: 4)
  }

  static let images = dataset(count: 60, seed: 6)

  static var recipe: NetworkRecipe {
    var recipe = NetworkRecipe()
    recipe.classes = 4
    recipe.imageSize = 8
    recipe.width = 0.25
    recipe.steps = 2
    // Of a width at which no other surrogate finds much more.
    recipe.neuron.surrogate = .arctan
    recipe.neuron.surrogateWidth = 0.25
    recipe.head = .compact
    recipe.normalization = PixelNormalization(mean: [0.4], standardDeviation: [0.25])
    return recipe
  }

  static let honest = train(.spiking)

  /// Adversarially trained.
  static let hardened = train(
    .spiking,
    exposure: .adversarial(PGD(.linf(epsilon), stepSize: epsilon / 3, steps: 5)))

  static func trained(_ activation: NetworkRecipe.Activation) -> LoadedNetwork {
    activation == .spiking ? honest : train(activation)
  }

  /// Some epochs, a second.
  private static func train(
    _ activation: NetworkRecipe.Activation, exposure: Exposure = .clean
  ) -> LoadedNetwork {
    var recipe = recipe
    recipe.activation = activation
    if activation == .relu { recipe.neuron = NeuronRecipe() }
    let network = try! recipe.build(seed: 1)
    let loader = DataLoader(
      dataset(count: 320, seed: 5), batchSize: 32, order: .shuffled, seed: 2)
    let step = TrainingStep(
      network: network, encoder: recipe.encoder, exposure: exposure,
      objective: PerStepCrossEntropy(meanSquareWeight: 0),
      optimizer: Optimizer {
        Momentum(0.9)
        LearningRate(.constant(0.05))
      }, seed: 3)
    var run = TrainingRun(step: step, loader: loader, epochs: 8)
    try! run.train(onStep: { _ in })
    return LoadedNetwork(network, recipe: recipe, path: "honest")
  }

  /// The honest weights in another network.
  static func network(
    _ name: String, weights: (NamedTensors) -> NamedTensors = { $0 },
    recipe change: (inout NetworkRecipe) -> Void = { _ in }
  ) throws -> LoadedNetwork {
    var recipe = recipe
    change(&recipe)
    let network = try recipe.build(seed: 1)
    try network.load(weights(honest.network.weights.map { $0.detached().copied() }))
    return LoadedNetwork(network, recipe: recipe, path: name)
  }
}
