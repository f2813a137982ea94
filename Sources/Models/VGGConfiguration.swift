import Layers
import Spiking
import Torch

/// All that determines a ``VGG`` but its weights.
public struct VGGConfiguration: ModelConfiguration {
  public enum Depth: String, Sendable, CaseIterable, Codable {
    case vgg5, vgg11, vgg13, vgg16, vgg19

    /// Channels of each stage at width 1.
    var stages: [[Int]] {
      switch self {
      case .vgg5: [[64], [128, 128]]
      case .vgg11: [[64], [128], [256, 256], [512, 512], [512, 512]]
      case .vgg13: [[64, 64], [128, 128], [256, 256], [512, 512], [512, 512]]
      case .vgg16: [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]]
      case .vgg19:
        [
          [64, 64], [128, 128], [256, 256, 256, 256], [512, 512, 512, 512], [512, 512, 512, 512],
        ]
      }
    }
  }

  /// How the last stage's spikes reach the linear layer.
  public enum Head: String, Sendable, CaseIterable, Codable {
    /// As released: pooled to 7 × 7 whatever their size, then all 49 positions. On 32 × 32 images VGG-11's
    /// 1 × 1 map becomes 49 equal copies.
    case released
    /// The mean over all positions.
    case compact

    public var side: Int { self == .released ? 7 : 1 }
    /// Features `[N, C, H, W]`, averaged or repeated to ``side`` positions in each direction.
    public func pooled(_ features: Tensor) -> Tensor {
      // The mean of one number is that number; the engine would copy it, forward and backward.
      guard features.shape.suffix(2) != [side, side] else { return features }
      // Means of one pixel are that pixel; the engine's pooling is slow to add up their gradients.
      guard features.shape.suffix(2) != [1, 1] else {
        return features.expanded(to: features.shape.prefix(2) + [side, side])
      }
      return features.adaptiveAveragePool2d(side)
    }
  }

  public var depth: Depth
  public var classes: Int
  /// Channels of the images.
  public var channels: Int
  /// Height and width of the images.
  public var imageSize: Int
  /// Factor on the channels of every convolution.
  public var width: Double
  public var head: Head
  public var normalization: PixelNormalization
  public var neuron: any Neuron

  public init(
    _ depth: Depth, classes: Int, channels: Int, imageSize: Int, width: Double = 1,
    head: Head = .released, normalization: PixelNormalization? = nil, neuron: any Neuron = LIF()
  ) {
    self.depth = depth
    self.classes = classes
    self.channels = channels
    self.imageSize = imageSize
    self.width = width
    self.head = head
    self.normalization = normalization ?? .identity(channels: max(channels, 1))
    self.neuron = neuron
  }

  /// Channels of each stage, at least 1.
  var stageWidths: [[Int]] {
    depth.stages.map { $0.map(scaled) }
  }

  var headFeatures: Int { stageWidths.last!.last! * head.side * head.side }

  func validate() throws(ModelError) {
    try validate(
      model: depth.rawValue, halvings: depth.stages.count,
      remedy: depth == .vgg5 ? nil : "use vgg5")
  }
}
