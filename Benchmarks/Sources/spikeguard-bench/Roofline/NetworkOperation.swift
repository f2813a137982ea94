import Layers
import Models
import Spiking
import Torch

/// One operation of a network that can be run alone: what it computes, on which parameters, how
/// many operations it takes.
struct NetworkOperation {
  enum Kind: String, Codable {
    case convolution
    /// With batch norm before it and, at the end of a stage, an average pool behind it.
    case neurons
    case pooling
    case linear
    case loss

    /// Whether its gradient has two parts worth a clock each.
    var multipliesWeights: Bool { self == .convolution || self == .linear }
  }

  /// As the parameters are named.
  let layer: String
  let kind: Kind
  /// What the loss is differentiated by, beside the input.
  let parameters: [Tensor]
  let apply: (Signal) -> Signal

  /// Of one direction: operations without and with the padding's zeros; those of elementwise work
  /// are not counted.
  func arithmetic(input: Tensor) -> (least: Double, padded: Double) {
    switch kind {
    case .convolution:
      let work = ConvolutionWork(input: input.shape, weight: parameters[0].shape)
      return (work.operations, work.paddedOperations)
    case .linear:
      let all = 2 * Double(input.size(0)) * Double(parameters[0].count)
      return (all, all)
    case .neurons, .pooling, .loss: return (0, 0)
    }
  }

  func shape(input: Tensor, output: Tensor) -> String {
    kind == .convolution
      ? ConvolutionWork(input: input.shape, weight: parameters[0].shape).shape
      : output.shape.dropFirst().map(String.init).joined(separator: " × ")
  }
}

extension VGG {
  /// The network as a chain of operations, from normalised images to the loss.
  ///
  /// Neurons normalise their input, and those of the last block of a stage average their spikes, as in `VGG`'s own
  /// walk.
  func operations(_ workload: Workload, labels: Tensor) -> [NetworkOperation] {
    var all: [NetworkOperation] = []
    let neuron = configuration.neuron
    let blocks = parts.filter { $0.module is Conv2d }
    let norms = parts.compactMap { $0.module as? BatchNorm2d }
    for (index, block) in blocks.enumerated() {
      let convolution = block.module as! Conv2d
      let norm = norms[index]
      all.append(
        NetworkOperation(
          layer: block.name, kind: .convolution,
          parameters: [convolution.weight] + [convolution.bias].compactMap { $0 }
        ) { $0.map { convolution($0) } })
      let stage = block.name.prefix { $0 != "." }
      let isLast = index + 1 == blocks.count || !blocks[index + 1].name.hasPrefix(stage + ".")
      all.append(
        NetworkOperation(
          layer: block.name, kind: .neurons, parameters: [norm.weight, norm.bias]
        ) {
          var pass = ForwardPass(workload.mode)
          return neuron($0, normalizedBy: norm, averagePooling: isLast, &pass)
        })
    }
    return all + head(workload, labels: labels)
  }

  private func head(_ workload: Workload, labels: Tensor) -> [NetworkOperation] {
    let linear = parts.last!.module as! Linear
    let pool = configuration.head
    return [
      NetworkOperation(layer: "head", kind: .pooling, parameters: []) {
        $0.map { pool.pooled($0).flattened(from: 1) }
      },
      NetworkOperation(
        layer: parts.last!.name, kind: .linear, parameters: [linear.weight, linear.bias]
      ) { $0.map { linear($0) } },
      NetworkOperation(layer: "loss", kind: .loss, parameters: []) {
        let logits = $0.unfolded
        let loss =
          switch workload {
          case .training: PerStepCrossEntropy()(logits, labels)
          case .evaluation: logits.mean(along: [0])
          case .attackGradient: logits.mean(along: [0]).crossEntropy(labels, reduction: .sum)
          }
        return Signal(constant: loss.rank == 0 ? loss.reshaped([1]) : loss, steps: 1)
      },
    ]
  }
}
