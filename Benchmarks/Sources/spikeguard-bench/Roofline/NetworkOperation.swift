import Layers
import Models
import Spiking
import Torch

/// One operation of a network that can be run alone: what it computes, on which parameters, how
/// many operations it takes.
struct NetworkOperation {
  enum Kind: String, Codable {
    case convolution
    case batchNorm = "batch norm"
    case neuron
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
    case .batchNorm, .neuron, .pooling, .loss: return (0, 0)
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
  /// A pooling follows the last block of each stage, and the head before the linear layer, as in
  /// `VGG`'s own walk.
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
      all.append(
        NetworkOperation(
          layer: block.name, kind: .batchNorm, parameters: [norm.weight, norm.bias]
        ) { norm($0, ForwardPass(workload.mode)) })
      all.append(
        NetworkOperation(layer: block.name, kind: .neuron, parameters: []) {
          var pass = ForwardPass(workload.mode)
          return neuron($0, &pass)
        })
      let stage = block.name.prefix { $0 != "." }
      if index + 1 == blocks.count || !blocks[index + 1].name.hasPrefix(stage + ".") {
        all.append(
          NetworkOperation(layer: block.name, kind: .pooling, parameters: []) {
            $0.map { $0.averagePool2d(2) }
          })
      }
    }
    return all + head(workload, labels: labels)
  }

  private func head(_ workload: Workload, labels: Tensor) -> [NetworkOperation] {
    let linear = parts.last!.module as! Linear
    let channels = parts.compactMap { $0.module as? BatchNorm2d }.last!.weight.count
    let side = Int(Double(linear.weight.size(1) / channels).squareRoot())
    return [
      NetworkOperation(layer: "head", kind: .pooling, parameters: []) {
        $0.map {
          ($0.size(-1) == side ? $0 : $0.adaptiveAveragePool2d(side)).flattened(from: 1)
        }
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
