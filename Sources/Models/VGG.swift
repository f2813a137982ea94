import Layers
import Spiking
import Torch

/// A VGG network of spiking neurons, as the paper's authors build it: stages of convolution, batch norm and
/// neuron, an average pool after each stage, and one linear layer on the spikes.
///
/// Parameter names are the release's (`layer1.0.weight`, `layer1.1.running_mean`, `classifier.1.weight`), so
/// its weights load as they are.
public final class VGG: SpikingNetwork, CompositeModule {
  public let configuration: VGGConfiguration
  private let stages: [[ConvolutionBlock]]
  private let classifierLayer: Linear

  /// - Parameter generator: draws the initial weights; nil for zeros.
  /// - Throws: ``ModelError`` when the images are too small for the depth, or a number is out of range.
  public init(_ configuration: VGGConfiguration, using generator: Generator?) throws(ModelError) {
    try configuration.validate()
    self.configuration = configuration
    var channels = configuration.channels
    var stages: [[ConvolutionBlock]] = []
    for (stage, widths) in configuration.stageWidths.enumerated() where !widths.isEmpty {
      stages.append(
        widths.enumerated().map { position, width in
          defer { channels = width }
          return ConvolutionBlock(
            from: channels, to: width, name: "layer\(stage + 1)", firstIndex: 4 * position,
            using: generator)
        })
    }
    self.stages = stages
    classifierLayer = Linear(
      configuration.headFeatures, configuration.classes, using: generator)
  }

  public var parts: [(name: String, module: any Module)] {
    stages.joined().flatMap { block in
      [
        (block.name, block.convolution as any Module),
        (block.normalizationName, block.normalization),
      ]
    } + [("classifier.1", classifierLayer)]
  }

  /// A neuron layer is named as its convolution: `layer1.0`.
  public var neuronLayerNames: [String] { stages.joined().map(\.name) }

  /// Signal of images `[B, C, H, W]` in [0, 1] → logits `[T, B, classes]`.
  public func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
    pass.begin()
    var signal = input.normalized(by: configuration.normalization)
    for stage in stages {
      for block in stage.dropLast() { signal = block(signal, configuration.neuron, &pass) }
      signal = stage.last!(signal, configuration.neuron, averagePooling: true, &pass)
    }
    let features = signal.map { configuration.head.pooled($0).flattened(from: 1) }
    return classifierLayer(features, &pass).unfolded
  }
}

/// Convolution, batch norm and neuron.
struct ConvolutionBlock: Sendable {
  let convolution: Conv2d
  let normalization: BatchNorm2d
  /// The convolution's, in the release.
  let name: String
  let normalizationName: String

  /// - Parameter firstIndex: the convolution's place in the release's `nn.Sequential`, where batch norm, neuron
  ///   and dropout follow it.
  init(from: Int, to: Int, name: String, firstIndex: Int, using generator: Generator?) {
    convolution = Conv2d(from, to, using: generator)
    normalization = BatchNorm2d(to)
    self.name = "\(name).\(firstIndex)"
    normalizationName = "\(name).\(firstIndex + 1)"
  }

  /// - Parameter averagePooling: whether spikes are averaged over windows of 2 × 2 positions.
  func callAsFunction(
    _ signal: Signal, _ neuron: any Neuron, averagePooling: Bool = false,
    _ pass: inout ForwardPass
  ) -> Signal {
    neuron(
      convolution(signal, &pass), normalizedBy: normalization, averagePooling: averagePooling, &pass
    )
  }
}
