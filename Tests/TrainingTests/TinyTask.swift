import Datasets
import Layers
import Models
import Optimization
import Spiking
import Torch

@testable import Training

/// A task that trains in milliseconds: 8×8 images of four classes, and a VGG-5 of a few channels.
enum TinyTask {
  static let classes = 4
  static let encoder = DirectEncoding(steps: 3)

  /// Each class is bright in another quarter of the image, under noise.
  static func dataset(count: Int, seed: UInt64 = 5) -> ImageDataset {
    let labels = (0..<count).map { $0 * 7 % classes }
    let noise = Tensor.uniform([count, 1, 8, 8], in: 0...0.5, using: Generator(seed: seed))
      .scalars(of: Float.self)
    let values = noise.enumerated().map { index, value in
      let (row, column) = (index % 64 / 8, index % 8)
      return row / 4 * 2 + column / 4 == labels[index / 64] ? value + 0.4 : value
    }
    let tensors: NamedTensors = [
      "images": Tensor(values, shape: [count, 1, 8, 8]), "labels": Tensor(labels),
    ]
    return try! ImageDataset(
      tensors, from: "memory", name: "quarters", split: .train, classes: classes)
  }

  static func network(seed: UInt64 = 1) -> VGG {
    try! VGG(
      VGGConfiguration(
        .vgg5, classes: classes, channels: 1, imageSize: 8, width: 1.0 / 8, head: .compact),
      using: Generator(seed: seed))
  }

  static func optimizer(deflating: Bool = false, rate: Schedule = .constant(0.05)) -> Optimizer {
    Optimizer {
      if deflating { DominantSingularDeflation() }
      WeightDecay(5e-4)
      Momentum(0.9)
      LearningRate(rate)
    }
  }

  static func step(
    _ network: VGG, exposure: Exposure = .clean, optimizer: Optimizer = optimizer(),
    monitor: CollapseMonitor? = nil, seed: UInt64 = 9
  ) -> TrainingStep {
    TrainingStep(
      network: network, encoder: encoder, exposure: exposure, objective: objective,
      optimizer: optimizer, monitor: monitor, seed: seed)
  }

  static let objective = PerStepCrossEntropy(meanSquareWeight: 0.05)

  /// A whole run from scratch: shuffled, augmented, with a partial last batch and a falling rate.
  static func run(seed: UInt64, deflating: Bool = false, epochs: Int = 3) -> TrainingRun {
    let loader = DataLoader(
      dataset(count: 22), batchSize: 6, order: .shuffled, seed: seed,
      augmentations: [.randomCrop(padding: 1), .randomFlip])
    let rate = Schedule.cosine(from: 0.1, over: epochs * loader.batchesPerEpoch)
    return TrainingRun(
      step: step(network(seed: seed), optimizer: optimizer(deflating: deflating, rate: rate)),
      loader: loader, epochs: epochs)
  }

  static func batch(count: Int = 6, seed: UInt64 = 5) -> Batch {
    DataLoader(dataset(count: count, seed: seed), batchSize: count, prefetch: 0).epoch(0)
      .makeIterator().next()!
  }
}

extension TrainingRun {
  /// Trains to the end, telling nobody.
  mutating func trainQuietly() throws { try train(onStep: { _ in }) }
}

extension NamedTensors {
  /// Names, shapes and bits are the same.
  func isIdentical(to other: NamedTensors) -> Bool {
    Set(names) == Set(other.names) && allSatisfy { $0.tensor.isIdentical(to: other[$0.name]!) }
  }

  func copies() -> NamedTensors { map { $0.detached().copied() } }
}
