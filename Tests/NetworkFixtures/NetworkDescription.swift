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

    func lif() throws -> LIF {
      guard let shape = Surrogate.Shape(rawValue: surrogate) else {
        throw UnknownSurrogate(name: surrogate)
      }
      var lif = LIF(
        threshold: threshold, reset: reset == "soft" ? .soft : .hard,
        detachesReset: detachReset, surrogate: Surrogate(shape, width: width))
      lif.leak = leak
      lif.inputScale = inputScale
      return lif
    }
  }
  public let model: ModelName
  let classes: Int
  let channels: Int
  let width: Double
  let head: VGGConfiguration.Head
  /// Of residual networks.
  let stem: Stem?
  public let steps: Int
  let mean: [Double]
  let std: [Double]
  /// None in a rectified network.
  let neuron: Neuron?

  /// The network with the weights of a fixture, its tensors `weights.…`.
  public func network(
    imageSize: Int, weightsOf tensors: NamedTensors
  ) throws -> any SpikingNetwork {
    let design = ModelDesign(
      model, classes: classes, channels: channels, imageSize: imageSize, width: width, head: head,
      stem: stem, normalization: PixelNormalization(mean: mean, standardDeviation: std),
      neuron: try neuron?.lif() ?? Rectifier())
    let network = try design.network(using: Generator(seed: 1))
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
