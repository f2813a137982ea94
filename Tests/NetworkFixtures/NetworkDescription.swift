import Foundation
import Layers
import Models
import Spiking
import TestSupport
import Torch

/// A network as the fixtures' metadata describe it (scripts/fixtures).
public struct NetworkDescription: Decodable {
  public struct Neuron: Decodable {
    let leak: Double
    let inputScale: Double
    let threshold: Double
    let reset: String
    let detachReset: Bool
    let surrogate: String
    let width: Double
  }
  let model: VGGConfiguration.Depth
  let classes: Int
  let channels: Int
  let width: Double
  let head: VGGConfiguration.Head
  public let steps: Int
  let mean: [Double]
  let std: [Double]
  let neuron: Neuron

  /// The network with the weights of a fixture, its tensors `weights.…`.
  public func network(imageSize: Int, weightsOf tensors: NamedTensors) throws -> VGG {
    guard let shape = Surrogate.Shape(rawValue: neuron.surrogate) else {
      throw UnknownSurrogate(name: neuron.surrogate)
    }
    var lif = LIF(
      threshold: neuron.threshold, reset: neuron.reset == "soft" ? .soft : .hard,
      detachesReset: neuron.detachReset, surrogate: Surrogate(shape, width: neuron.width))
    lif.leak = neuron.leak
    lif.inputScale = neuron.inputScale
    let network = try VGG(
      VGGConfiguration(
        model, classes: classes, channels: channels, imageSize: imageSize, width: width,
        head: head, normalization: PixelNormalization(mean: mean, standardDeviation: std),
        neuron: lif),
      using: Generator(seed: 1))
    try network.load(tensors.part("weights."))
    return network
  }

  public struct UnknownSurrogate: Error { let name: String }
}

extension NamedTensors {
  /// The tensors whose names begin so, without that beginning.
  public func part(_ prefix: String) -> NamedTensors {
    NamedTensors(
      filter { $0.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) })
  }
}
