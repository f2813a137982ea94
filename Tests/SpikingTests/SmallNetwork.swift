import Layers
import Spiking
import Torch

/// Two convolutions with batch norm and neurons, and a linear layer: all that time and state can go wrong in.
final class SmallNetwork: SpikingNetwork {
  static let classes = 3

  private let weights: NamedTensors
  private let norms: [BatchNorm2d]
  private let neuron: any Neuron

  init(neuron: any Neuron, channels: Int = 5, dtype: DType = .float64) {
    func weight(_ shape: [Int], seed: UInt64) -> Tensor {
      let fanIn = shape.dropFirst().reduce(1, *)
      return (randomNormal(shape, seed, dtype) * (2 / Double(fanIn)).squareRoot())
        .requiringGradient()
    }
    weights = [
      "first": weight([channels, 2, 3, 3], seed: 1),
      "second": weight([channels + 1, channels, 3, 3], seed: 2),
      "head": weight([Self.classes, channels + 1], seed: 3),
    ]
    norms = [BatchNorm2d(channels, dtype: dtype), BatchNorm2d(channels + 1, dtype: dtype)]
    self.neuron = neuron
    // Where the neurons are busy: a silent network proves nothing.
    for norm in norms { withoutGradients { norm.bias.addInPlace(Tensor(0.4)) } }
  }

  var parameters: NamedTensors { named { $0.parameters }.merging(weights) }
  var buffers: NamedTensors { named { $0.buffers } }
  var neuronLayerNames: [String] { ["first", "second"] }

  private func named(_ part: (BatchNorm2d) -> NamedTensors) -> NamedTensors {
    var all = NamedTensors()
    for (index, norm) in norms.enumerated() { all.merge(part(norm).prefixed("norm\(index).")) }
    return all
  }

  func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
    pass.begin()
    var signal = input
    for (norm, name) in zip(norms, neuronLayerNames) {
      signal = neuron(norm(signal.map { $0.conv2d(weights[name]!, padding: 1) }, pass), &pass)
    }
    return signal.map { $0.mean(along: [2, 3]).linear(weights["head"]!) }.unfolded
  }
}

extension NamedTensors {
  fileprivate func merging(_ other: NamedTensors) -> NamedTensors {
    var all = self
    all.merge(other)
    return all
  }
}

private func randomNormal(_ shape: [Int], _ seed: UInt64, _ dtype: DType) -> Tensor {
  Tensor.normal(shape, dtype: dtype, using: Generator(seed: seed))
}
