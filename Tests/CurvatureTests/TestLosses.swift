import Curvature
import Layers
import Models
import NetworkFixtures
import Spiking
import TestSupport
import Torch

/// A perceptron of engine operations: `[B, 3]` → tanh → tanh → `[B, 4]`, cross-entropy.
struct TanhNetwork {
  let parameters: NamedTensors
  let dtype: DType

  init(dtype: DType = .float64) {
    self.dtype = dtype
    // Drawn in float64, so that both types start from the same numbers.
    func leaf(_ shape: [Int], _ seed: UInt64) -> Tensor {
      (randomTensor(shape, seed: seed, dtype: .float64) * 0.7).converted(to: dtype)
        .requiringGradient()
    }
    parameters = [
      "first": leaf([5, 3], 1), "shift": leaf([5], 2), "second": leaf([3, 5], 3),
      "head": leaf([4, 3], 4),
    ]
  }

  func outputs(_ x: Tensor) -> Tensor {
    let p = parameters
    let first = x.linear(p["first"]!, bias: p["shift"]!).hyperbolicTangent()
    return first.linear(p["second"]!).hyperbolicTangent().linear(p["head"]!)
  }

  func batch(_ x: Tensor, _ labels: Tensor, weight: Double? = nil) -> LossFunction.Batch {
    .init(
      weight: weight ?? Double(x.size(0)), outputs: { outputs(x) },
      loss: { $0.crossEntropy(labels) })
  }

  /// The first `count` of seven examples, or others.
  func batch(_ range: Range<Int>) -> LossFunction.Batch {
    let x = randomTensor([7, 3], seed: 9, dtype: .float64).converted(to: dtype)
    let labels = Tensor([3, 0, 1, 2, 1, 0, 3])
    return batch(x[range], labels[range])
  }

  var loss: LossFunction { LossFunction(of: parameters, over: [batch(0..<7)]) }
}

/// A small convolutional network on random images, its loss that of the logits averaged over time.
struct NetworkCase {
  var encoder: any Encoder = DirectEncoding(steps: 3)
  var neuron: any Neuron = LIF()
  var view: GradientView?
  var dtype: DType = .float64
  /// A residual network's; nil is VGG-5.
  var residual: ModelName?

  func network() throws -> any SpikingNetwork {
    let generator = Generator(seed: 1)
    let network: any SpikingNetwork =
      if let residual {
        try ModelDesign(
          residual, classes: 3, channels: 1, imageSize: 8, width: 1.0 / 32, stem: .cifar,
          neuron: neuron
        ).network(using: generator)
      } else {
        try VGG(
          VGGConfiguration(
            .vgg5, classes: 3, channels: 1, imageSize: 8, width: 0.03, head: .compact,
            neuron: neuron), using: generator)
      }
    // Not the fresh network's: batch norm that does something, and neurons that are busy.
    withoutGradients {
      for (name, tensor) in network.weights where tensor.rank == 1 {
        let noise = Tensor.uniform(tensor.shape, in: 0...0.6, using: Generator(seed: 4))
        tensor.copyInPlace(from: name.hasSuffix("bias") ? noise + 0.3 : noise + 0.7)
      }
      for (name, tensor) in network.parameters where name.hasSuffix("skipinit_gain") {
        tensor.copyInPlace(from: Tensor.full(0.7, shape: tensor.shape))
      }
      for (name, tensor) in network.parameters
      where name.hasPrefix("classifier") || name.hasPrefix("fc") {
        tensor.copyInPlace(from: randomTensor(tensor.shape, seed: 5))
      }
    }
    network.convert(to: dtype)
    return network
  }

  func loss(examples: Range<Int> = 0..<3, seed: UInt64 = 8) throws -> LossFunction {
    let network = try network()
    return LossFunction(of: network.parameters, over: [batch(of: network, examples, seed: seed)])
  }

  func batch(
    of network: any SpikingNetwork, _ examples: Range<Int>, seed: UInt64 = 8
  ) -> LossFunction.Batch {
    let images = Tensor.uniform([6, 1, 8, 8], dtype: .float64, using: Generator(seed: 2))
      .converted(to: dtype)[examples]
    let labels = Tensor([0, 1, 2, 1, 1, 0])[examples]
    return LossFunction.Batch(
      weight: Double(examples.count),
      outputs: {
        var pass = ForwardPass(
          .evaluation, gradientView: view, using: Generator(seed: seed))
        return network(encoder(images, &pass), &pass)
      }, loss: { $0.mean(along: [0]).crossEntropy(labels) })
  }
}
