import Layers
import Spiking

/// All that determines a ``ResNet`` or a ``PreActivationResNet`` but its weights.
public struct ResNetConfiguration: ModelConfiguration {
  public enum Depth: String, Sendable, CaseIterable, Codable {
    case resnet18, resnet34

    /// Blocks in each of the four stages.
    var blocks: [Int] { self == .resnet18 ? [2, 2, 2, 2] : [3, 4, 6, 3] }
  }

  public var depth: Depth
  public var classes: Int
  /// Channels of the images.
  public var channels: Int
  /// Height and width of the images.
  public var imageSize: Int
  /// Factor on the channels of every convolution.
  public var width: Double
  public var normalization: PixelNormalization
  public var neuron: any Neuron

  public init(
    _ depth: Depth, classes: Int, channels: Int, imageSize: Int, width: Double = 1,
    normalization: PixelNormalization? = nil, neuron: any Neuron = LIF()
  ) {
    self.depth = depth
    self.classes = classes
    self.channels = channels
    self.imageSize = imageSize
    self.width = width
    self.normalization = normalization ?? .identity(channels: max(channels, 1))
    self.neuron = neuron
  }

  var plan: ResidualPlan {
    ResidualPlan(blocks: depth.blocks, stem: scaled(64), stages: [64, 128, 256, 512].map(scaled))
  }
}

/// The blocks of a residual network in order: four stages, each but the first of which halves the size.
struct ResidualPlan: Sendable {
  struct Block: Sendable {
    /// `layer2.0`
    let name: String
    let inChannels: Int
    /// Of its inner convolutions; the block gives `expansion` times as many.
    let width: Int
    let stride: Int
    let outChannels: Int
    /// Whether the shortcut needs a convolution to change size or channels.
    var changesShape: Bool { stride != 1 || inChannels != outChannels }
  }

  let blocks: [Block]
  /// How often the stages halve the size.
  static let halvings = 3

  init(blocks counts: [Int], stem: Int, stages: [Int], expansion: Int = 1) {
    var channels = stem
    var blocks: [Block] = []
    for (stage, (count, width)) in zip(counts, stages).enumerated() {
      for position in 0..<count {
        blocks.append(
          Block(
            name: "layer\(stage + 1).\(position)", inChannels: channels, width: width,
            stride: stage > 0 && position == 0 ? 2 : 1, outChannels: width * expansion))
        channels = width * expansion
      }
    }
    self.blocks = blocks
  }

  var outChannels: Int { blocks.last!.outChannels }
}
