import Layers
import Spiking
import Torch

/// All that determines a ``VGG`` but its weights.
public struct VGGConfiguration: Sendable {
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

    var side: Int { self == .released ? 7 : 1 }
    func pooled(_ features: Tensor) -> Tensor {
      // The mean of one number is that number; the engine would copy it, forward and backward.
      guard features.shape.suffix(2) != [side, side] else { return features }
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
    depth.stages.map { $0.map { max(1, Int((Double($0) * width).rounded())) } }
  }

  var headFeatures: Int { stageWidths.last!.last! * head.side * head.side }

  /// The smallest image that survives one halving a stage.
  public var smallestImage: Int { 1 << depth.stages.count }

  func validate() throws(ModelError) {
    guard classes >= 2 else { throw .value("classes", found: "\(classes)", expected: "at least 2") }
    guard channels >= 1 else {
      throw .value("channels", found: "\(channels)", expected: "at least 1")
    }
    guard width > 0, width <= 16 else {
      throw .value("width", found: "\(width)", expected: "above 0, at most 16")
    }
    guard normalization.mean.count == channels else {
      throw .value(
        "pixel normalisation", found: "\(normalization.mean.count) channels",
        expected: "as many as the images have (\(channels))")
    }
    guard imageSize >= smallestImage else {
      throw .imageTooSmall(model: depth.rawValue, smallest: smallestImage, found: imageSize)
    }
  }
}

/// A network that cannot be built.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case value(_ name: String, found: String, expected: String)
  case imageTooSmall(model: String, smallest: Int, found: Int)

  public var description: String {
    switch self {
    case .value(let name, let found, let expected): "\(name): expected \(expected), found \(found)"
    case .imageTooSmall(let model, let smallest, let found):
      "\(model) halves the image once a stage and needs at least \(smallest) × \(smallest) pixels, "
        + "found \(found) × \(found); use vgg5, or pad the images"
    }
  }
}
