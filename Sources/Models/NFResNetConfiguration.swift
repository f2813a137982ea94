import Layers
import Spiking

/// All that determines an ``NFResNet`` but its weights.
public struct NFResNetConfiguration: ModelConfiguration {
  public enum Depth: String, Sendable, CaseIterable, Codable {
    case nfResNet18 = "nf-resnet18"
    case nfResNet34 = "nf-resnet34"
    case nfResNet50 = "nf-resnet50"

    /// Blocks in each of the four stages.
    var blocks: [Int] { self == .nfResNet18 ? [2, 2, 2, 2] : [3, 4, 6, 3] }
    /// Whether a block is 1 × 1, 3 × 3 and 1 × 1 convolutions, the last of which gives four times the channels.
    var hasBottlenecks: Bool { self == .nfResNet50 }
  }

  public var depth: Depth
  public var classes: Int
  /// Channels of the images.
  public var channels: Int
  /// Height and width of the images.
  public var imageSize: Int
  /// Factor on the channels of every convolution.
  public var width: Double
  /// The release has ImageNet's only.
  public var stem: Stem
  /// α, the part of the variance that each block adds: the release's 0.2.
  public var alpha: Double
  /// γ, what the output of every neuron layer is multiplied by so that it has variance 1 again.
  public var activationScale: Double
  public var normalization: PixelNormalization
  public var neuron: any Neuron

  /// γ of the release for its spiking neuron.
  public static let spikeScale = 2.74
  /// γ of the rectifier on a standard normal input, √(2 / (1 − 1/π)) (Brock et al. 2021, section 3).
  public static let rectifierScale = (2 / (1 - 1 / Double.pi)).squareRoot()

  /// - Parameters:
  ///   - stem: nil for the usual one at this image size.
  ///   - activationScale: nil for ``rectifierScale`` where the neuron is a ``Rectifier``, else ``spikeScale``.
  public init(
    _ depth: Depth, classes: Int, channels: Int, imageSize: Int, width: Double = 1,
    stem: Stem? = nil, alpha: Double = 0.2, activationScale: Double? = nil,
    normalization: PixelNormalization? = nil, neuron: any Neuron = LIF()
  ) {
    self.depth = depth
    self.classes = classes
    self.channels = channels
    self.imageSize = imageSize
    self.width = width
    self.stem = stem ?? .standard(imageSize: imageSize)
    self.alpha = alpha
    self.activationScale =
      activationScale ?? (neuron is Rectifier ? Self.rectifierScale : Self.spikeScale)
    self.normalization = normalization ?? .identity(channels: max(channels, 1))
    self.neuron = neuron
  }

  var plan: ResidualPlan {
    ResidualPlan(
      blocks: depth.blocks, stem: scaled(64), stages: [64, 128, 256, 512].map(scaled),
      expansion: depth.hasBottlenecks ? 4 : 1)
  }

  /// β of each block: the deviation that its input is expected to have.
  ///
  /// The input's variance is 1 after the stem; each block adds α² to it. A block whose shortcut has a convolution
  /// starts again from 1, because that convolution's weights are standardised.
  var inputDeviations: [Double] {
    var variance = 1.0
    return plan.blocks.map { block in
      let deviation = variance.squareRoot()
      variance = (block.changesShape ? 1 : variance) + alpha * alpha
      return deviation
    }
  }

  func validate() throws(ModelError) {
    let withStem = stem == .imagenet ? " with the imagenet stem" : ""
    try validate(
      model: depth.rawValue + withStem, halvings: stem.halvings + ResidualPlan.halvings,
      remedy: stem == .imagenet ? "use the cifar stem" : "use vgg5")
    guard scaled(64) >= 2 else {
      throw .value(
        "width", found: "\(width)",
        expected: "at least 2/64, because a standardised 1 × 1 convolution needs two channels")
    }
    guard alpha > 0, alpha.isFinite else {
      throw .value("alpha", found: "\(alpha)", expected: "above 0")
    }
    guard activationScale > 0, activationScale.isFinite else {
      throw .value("activation scale", found: "\(activationScale)", expected: "above 0")
    }
  }
}
