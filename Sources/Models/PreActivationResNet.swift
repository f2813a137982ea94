import Layers
import Spiking
import Torch

/// The release's residual network for small images: batch norm and neuron *before* each convolution
/// (He et al. 2016, "Identity mappings").
///
///     x ─ conv1 3×3 ─ block × n ─ batch norm ─ neuron ─ mean over positions ─ linear
///
/// The shortcut of a block starts after its first neuron, as released: it carries spikes, never the sum that came
/// in. The release pools one window of 4 × 4 before the linear layer. That is the mean over all positions where the
/// last map is 4 × 4, for images of 25 to 32 pixels; the mean is what is meant here at every other size.
///
/// Parameter names are the release's: `layer1.0.bn1.weight`, `layer2.0.shortcut.bias`, `linear.weight`.
public final class PreActivationResNet: SpikingNetwork, CompositeModule {
  public let configuration: ResNetConfiguration
  private let stem: Conv2d
  private let blocks: [(name: String, block: PreActivationBlock)]
  private let lastNormalization: BatchNorm2d
  private let classifierLayer: Linear

  /// - Parameter generator: draws the initial weights as the release does; nil for zeros.
  /// - Throws: ``ModelError`` for images below 8 × 8, or a number out of range.
  public init(
    _ configuration: ResNetConfiguration, using generator: Generator?
  ) throws(ModelError) {
    try configuration.validate(
      model: "\(configuration.depth)", halvings: ResidualPlan.halvings, remedy: "use vgg5")
    self.configuration = configuration
    let plan = configuration.plan
    stem = Conv2d(
      configuration.channels, plan.blocks[0].inChannels, bias: nil, using: generator)
    blocks = plan.blocks.map { ($0.name, PreActivationBlock($0, using: generator)) }
    lastNormalization = BatchNorm2d(plan.outChannels)
    classifierLayer = Linear(
      plan.outChannels, configuration.classes, weight: .pyTorch(fanIn: plan.outChannels),
      bias: .zeros, using: generator)
  }

  public var parts: [(name: String, module: any Module)] {
    [("conv1", stem)] + blocks.map { ($0.name, $0.block) }
      + [("bn1", lastNormalization), ("linear", classifierLayer)]
  }

  /// The release's names: `layer1.0.relu1`, …, `relu1`.
  public var neuronLayerNames: [String] {
    blocks.flatMap { ["\($0.name).relu1", "\($0.name).relu2"] } + ["relu1"]
  }

  /// Signal of images `[B, C, H, W]` in [0, 1] → logits `[T, B, classes]`.
  public func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
    pass.begin()
    var signal = stem(input.normalized(by: configuration.normalization), &pass)
    for (_, block) in blocks { signal = block(signal, configuration.neuron, &pass) }
    signal = configuration.neuron(signal, normalizedBy: lastNormalization, &pass)
    return classifierLayer(signal.meanOverPositions, &pass).unfolded
  }
}

/// Two times batch norm, neuron and convolution, and a shortcut around all but the first neuron.
private struct PreActivationBlock: CompositeModule {
  private let normalizations: [BatchNorm2d]
  private let convolutions: [Conv2d]
  private let shortcut: Conv2d?

  init(_ block: ResidualPlan.Block, using generator: Generator?) {
    // The release leaves the biases to PyTorch's default.
    func convolution(_ from: Int, kernel: Int = 3, stride: Int = 1) -> Conv2d {
      Conv2d(
        from, block.outChannels, kernel: kernel, stride: stride,
        bias: .pyTorch(fanIn: from * kernel * kernel), using: generator)
    }
    normalizations = [BatchNorm2d(block.inChannels), BatchNorm2d(block.outChannels)]
    convolutions = [
      convolution(block.inChannels, stride: block.stride), convolution(block.outChannels),
    ]
    shortcut =
      block.changesShape ? convolution(block.inChannels, kernel: 1, stride: block.stride) : nil
  }

  var parts: [(name: String, module: any Module)] {
    var parts: [(name: String, module: any Module)] = [
      ("bn1", normalizations[0]), ("conv1", convolutions[0]), ("bn2", normalizations[1]),
      ("conv2", convolutions[1]),
    ]
    if let shortcut { parts.append(("shortcut", shortcut)) }
    return parts
  }

  func callAsFunction(_ input: Signal, _ neuron: any Neuron, _ pass: inout ForwardPass) -> Signal {
    let spikes = neuron(input, normalizedBy: normalizations[0], &pass)
    let inner = convolutions[0](spikes, &pass)
    let second = neuron(inner, normalizedBy: normalizations[1], &pass)
    let branch = convolutions[1](second, &pass)
    return branch + (shortcut?(spikes, &pass) ?? spikes)
  }
}
