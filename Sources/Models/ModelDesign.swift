import Layers
import Spiking
import Torch

/// A network of the catalogue by its name and the settings that all families share.
///
/// The name and the stem together pick the architecture:
///
/// | name | stem `cifar` | stem `imagenet` |
/// |---|---|---|
/// | `vgg5` … `vgg19` | ``VGG``, which has no stem to choose | – |
/// | `resnet18`, `resnet34` | ``PreActivationResNet`` (the release's) | ``ResNet`` (torchvision's, SpikingJelly's) |
/// | `nf-resnet18`, `-34`, `-50` | ``NFResNet``, 3 × 3 and no pool | ``NFResNet`` (the release's) |
public struct ModelDesign: Sendable {
  public var name: ModelName
  public var classes: Int
  /// Channels of the images.
  public var channels: Int
  /// Height and width of the images.
  public var imageSize: Int
  /// Factor on the channels of every convolution.
  public var width: Double
  /// VGG's choice; residual networks have the released one only, the mean over all positions.
  public var head: VGGConfiguration.Head
  /// nil for the usual one at this image size: see ``Stem/standard(imageSize:)``.
  public var stem: Stem?
  public var normalization: PixelNormalization?
  public var neuron: any Neuron

  public init(
    _ name: ModelName, classes: Int, channels: Int, imageSize: Int, width: Double = 1,
    head: VGGConfiguration.Head = .released, stem: Stem? = nil,
    normalization: PixelNormalization? = nil, neuron: any Neuron = LIF()
  ) {
    self.name = name
    self.classes = classes
    self.channels = channels
    self.imageSize = imageSize
    self.width = width
    self.head = head
    self.stem = stem
    self.normalization = normalization
    self.neuron = neuron
  }

  /// - Parameter generator: draws the initial weights; nil for zeros, where weights are loaded next or only
  ///   counted.
  /// - Throws: ``ModelError`` for images that are too small, a number out of range, or a head or stem that
  ///   the family has not.
  public func network(using generator: Generator?) throws(ModelError) -> any SpikingNetwork {
    switch name.family {
    case .vgg(let depth):
      if let stem {
        throw .value("stem", found: stem.rawValue, expected: "none, because \(name) has no choice")
      }
      return try VGG(
        VGGConfiguration(
          depth, classes: classes, channels: channels, imageSize: imageSize, width: width,
          head: head, normalization: normalization, neuron: neuron), using: generator)
    case .resNet(let depth):
      try requireReleasedHead()
      let configuration = ResNetConfiguration(
        depth, classes: classes, channels: channels, imageSize: imageSize, width: width,
        normalization: normalization, neuron: neuron)
      switch stem ?? .standard(imageSize: imageSize) {
      case .cifar: return try PreActivationResNet(configuration, using: generator)
      case .imagenet: return try ResNet(configuration, using: generator)
      }
    case .nfResNet(let depth):
      try requireReleasedHead()
      return try NFResNet(
        NFResNetConfiguration(
          depth, classes: classes, channels: channels, imageSize: imageSize, width: width,
          stem: stem, normalization: normalization, neuron: neuron), using: generator)
    }
  }

  private func requireReleasedHead() throws(ModelError) {
    guard head == .released else {
      throw .value(
        "head", found: head.rawValue,
        expected: "released, because \(name.rawValue) ends in the mean over all positions")
    }
  }
}
