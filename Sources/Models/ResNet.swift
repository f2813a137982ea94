import Layers
import Spiking
import Torch

/// The classic residual network for large images (He et al. 2015), as torchvision and SpikingJelly build it: batch
/// norm and neuron *after* each convolution.
///
///     x ─ conv1 7×7/2 ─ batch norm ─ neuron ─ max pool 3×3/2 ─ block × n ─ mean over positions ─ linear
///
/// A block adds its shortcut before its last neuron, so blocks exchange spikes; the shortcut is a 1 × 1 convolution
/// with batch norm where size or channels change. The authors' paper trains a ResNet-18 on ImageNet that its
/// release does not hold; this is the published network of that name.
///
/// Parameter names are torchvision's: `layer1.0.conv1.weight`, `layer2.0.downsample.0.weight`, `fc.bias`.
public final class ResNet: SpikingNetwork, CompositeModule {
  public let configuration: ResNetConfiguration
  private let stem: Conv2d
  private let stemNormalization: BatchNorm2d
  private let blocks: [(name: String, block: BasicBlock)]
  private let classifierLayer: Linear

  /// - Parameter generator: draws the initial weights as torchvision does; nil for zeros.
  /// - Throws: ``ModelError`` for images below 32 × 32, or a number out of range.
  public init(
    _ configuration: ResNetConfiguration, using generator: Generator?
  ) throws(ModelError) {
    let stem = Stem.imagenet
    try configuration.validate(
      model: "\(configuration.depth) with the imagenet stem",
      halvings: stem.halvings + ResidualPlan.halvings, remedy: "use the cifar stem")
    self.configuration = configuration
    let plan = configuration.plan
    self.stem = Conv2d(
      configuration.channels, plan.blocks[0].inChannels, kernel: stem.kernel, stride: stem.stride,
      bias: nil, using: generator)
    stemNormalization = BatchNorm2d(plan.blocks[0].inChannels)
    blocks = plan.blocks.map { ($0.name, BasicBlock($0, using: generator)) }
    let rule = Initialization.pyTorch(fanIn: plan.outChannels)
    classifierLayer = Linear(
      plan.outChannels, configuration.classes, weight: rule, bias: rule, using: generator)
  }

  public var parts: [(name: String, module: any Module)] {
    [("conv1", stem), ("bn1", stemNormalization)] + blocks.map { ($0.name, $0.block) }
      + [("fc", classifierLayer)]
  }

  /// SpikingJelly's names: `sn1`, `layer1.0.sn1`, ….
  public var neuronLayerNames: [String] {
    ["sn1"] + blocks.flatMap { ["\($0.name).sn1", "\($0.name).sn2"] }
  }

  /// Signal of images `[B, C, H, W]` in [0, 1] → logits `[T, B, classes]`.
  public func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
    pass.begin()
    let current = stem(input.normalized(by: configuration.normalization), &pass)
    var signal = configuration.neuron(current, normalizedBy: stemNormalization, &pass)
    signal = signal.map { $0.maxPool2d(3, stride: 2, padding: 1) }
    for (_, block) in blocks { signal = block(signal, configuration.neuron, &pass) }
    return classifierLayer(signal.meanOverPositions, &pass).unfolded
  }
}

/// Two times convolution, batch norm and neuron; the shortcut joins before the second neuron.
private struct BasicBlock: CompositeModule {
  private let first: NormalizedConvolution
  private let second: NormalizedConvolution
  private let downsample: NormalizedConvolution?

  init(_ block: ResidualPlan.Block, using generator: Generator?) {
    first = NormalizedConvolution(
      block.inChannels, block.outChannels, stride: block.stride, using: generator)
    second = NormalizedConvolution(block.outChannels, block.outChannels, using: generator)
    downsample =
      block.changesShape
      ? NormalizedConvolution(
        block.inChannels, block.outChannels, kernel: 1, stride: block.stride, using: generator)
      : nil
  }

  var parts: [(name: String, module: any Module)] {
    var parts: [(name: String, module: any Module)] = [
      ("conv1", first.convolution), ("bn1", first.normalization), ("conv2", second.convolution),
      ("bn2", second.normalization),
    ]
    if let downsample {
      parts += [
        ("downsample.0", downsample.convolution), ("downsample.1", downsample.normalization),
      ]
    }
    return parts
  }

  func callAsFunction(_ input: Signal, _ neuron: any Neuron, _ pass: inout ForwardPass) -> Signal {
    let inner = neuron(
      first.convolution(input, &pass), normalizedBy: first.normalization, &pass)
    let branch = second(inner, &pass)
    let shortcut = downsample?(input, &pass) ?? input
    return neuron(branch + shortcut, &pass)
  }
}

/// Convolution without bias, and batch norm.
private struct NormalizedConvolution: Sendable {
  let convolution: Conv2d
  let normalization: BatchNorm2d

  init(_ from: Int, _ to: Int, kernel: Int = 3, stride: Int = 1, using generator: Generator?) {
    convolution = Conv2d(from, to, kernel: kernel, stride: stride, bias: nil, using: generator)
    normalization = BatchNorm2d(to)
  }

  func callAsFunction(_ signal: Signal, _ pass: inout ForwardPass) -> Signal {
    normalization(convolution(signal, &pass), pass)
  }
}
