import Layers
import Spiking
import Torch

/// The release's residual network for ImageNet: no batch norm, but standardised weights (Brock et al. 2021, "NF-ResNet").
///
///     x ─ conv1 ─ [average pool 3×3/2] ─ block × n ─ mean over positions ─ linear
///
/// A block, with γ the activations' scale, β the deviation expected of its input and g a learnt scalar that is 0 at
/// first, so that at first a block without a convolution on its shortcut does nothing:
///
///     a = γ · neuron(x / β)      x ← g · α · branch(a) + (shortcut convolution ? shortcut(a) : x)
///
/// There is no neuron behind the last block: the linear layer sees the sum. ImageNet's stem has an *average* pool, as
/// released (its name there is `maxpool`); CIFAR's stem, a 3 × 3 convolution and no pool, is not in the release.
///
/// Parameter names are the release's: `layer1.0.conv1.gain`, `layer1.0.skipinit_gain`, `layer2.0.downsample.weight`.
public final class NFResNet: SpikingNetwork, CompositeModule {
  public let configuration: NFResNetConfiguration
  private let stem: WeightStandardizedConv2d
  private let blocks: [(name: String, block: NormalizerFreeBlock)]
  private let classifierLayer: Linear

  /// - Parameter generator: draws the initial weights as the release does; nil for zeros.
  /// - Throws: ``ModelError`` for images below 8 × 8, or 32 × 32 with ImageNet's stem, or a number out of range.
  public init(
    _ configuration: NFResNetConfiguration, using generator: Generator?
  ) throws(ModelError) {
    try configuration.validate()
    self.configuration = configuration
    let plan = configuration.plan
    stem = WeightStandardizedConv2d(
      configuration.channels, plan.blocks[0].inChannels, kernel: configuration.stem.kernel,
      stride: configuration.stem.stride, using: generator)
    blocks = zip(plan.blocks, configuration.inputDeviations).map { block, deviation in
      (
        block.name,
        NormalizerFreeBlock(
          block, hasBottleneck: configuration.depth.hasBottlenecks, inputDeviation: deviation,
          alpha: configuration.alpha, activationScale: configuration.activationScale,
          using: generator)
      )
    }
    // The release's linear layer starts at zero.
    classifierLayer = Linear(
      plan.outChannels, configuration.classes, weight: .zeros,
      bias: .pyTorch(fanIn: plan.outChannels), using: generator)
  }

  public var parts: [(name: String, module: any Module)] {
    [("conv1", stem)] + blocks.map { ($0.name, $0.block) } + [("fc", classifierLayer)]
  }

  /// The release's names: `layer1.0.sn1`, ….
  public var neuronLayerNames: [String] {
    blocks.flatMap { name, block in (1...block.neuronLayers).map { "\(name).sn\($0)" } }
  }

  /// Signal of images `[B, C, H, W]` in [0, 1] → logits `[T, B, classes]`.
  public func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
    pass.begin()
    var signal = stem(input.normalized(by: configuration.normalization), &pass)
    if configuration.stem == .imagenet {
      signal = signal.map { $0.averagePool2d(3, stride: 2, padding: 1) }
    }
    for (_, block) in blocks { signal = block(signal, configuration.neuron, &pass) }
    return classifierLayer(signal.meanOverPositions, &pass).unfolded
  }
}

/// A block of an ``NFResNet``: two 3 × 3 convolutions, or a bottleneck of 1 × 1, 3 × 3 and 1 × 1.
private struct NormalizerFreeBlock: CompositeModule {
  private let convolutions: [WeightStandardizedConv2d]
  private let downsample: WeightStandardizedConv2d?
  /// g, a scalar.
  private let skipGain: Tensor
  private let inputDeviation: Double
  private let alpha: Double

  init(
    _ block: ResidualPlan.Block, hasBottleneck: Bool, inputDeviation: Double, alpha: Double,
    activationScale: Double, using generator: Generator?
  ) {
    // Every convolution of a block follows a neuron, whose scale γ it takes on its weights.
    func convolution(
      _ from: Int, _ to: Int, kernel: Int, stride: Int = 1
    ) -> WeightStandardizedConv2d {
      WeightStandardizedConv2d(
        from, to, kernel: kernel, stride: stride, inputScale: activationScale, using: generator)
    }
    let width = block.width
    if hasBottleneck {
      convolutions = [
        convolution(block.inChannels, width, kernel: 1),
        convolution(width, width, kernel: 3, stride: block.stride),
        convolution(width, block.outChannels, kernel: 1),
      ]
    } else {
      convolutions = [
        convolution(block.inChannels, width, kernel: 3, stride: block.stride),
        convolution(width, width, kernel: 3),
      ]
    }
    downsample =
      block.changesShape
      ? convolution(block.inChannels, block.outChannels, kernel: 1, stride: block.stride) : nil
    skipGain = Initialization.zeros.parameter([], using: generator)
    self.inputDeviation = inputDeviation
    self.alpha = alpha
  }

  var neuronLayers: Int { convolutions.count }

  var parts: [(name: String, module: any Module)] {
    var parts: [(name: String, module: any Module)] = convolutions.enumerated().map {
      ("conv\($0.offset + 1)", $0.element)
    }
    if let downsample { parts.append(("downsample", downsample)) }
    return parts
  }

  var parameters: NamedTensors {
    var all = gatheredParameters
    all["skipinit_gain"] = skipGain
    return all
  }

  func callAsFunction(_ input: Signal, _ neuron: any Neuron, _ pass: inout ForwardPass) -> Signal {
    let scaled = inputDeviation == 1 ? input : input.map { $0 / inputDeviation }
    let spikes = neuron(scaled, &pass)
    var branch = convolutions[0](spikes, &pass)
    for convolution in convolutions.dropFirst() {
      branch = convolution(neuron(branch, &pass), &pass)
    }
    let shortcut = downsample?(spikes, &pass) ?? input
    return branch.map { $0 * skipGain * alpha } + shortcut
  }
}
