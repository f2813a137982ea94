import ArgumentParser
import Foundation
import Layers
import Models
import Spiking
import Torch

/// The training step that both sides do.
struct StepSetting: ParsableArguments {
  @Option var model = VGGConfiguration.Depth.vgg5
  @Option var width = 1.0
  @Option var channels = 1
  @Option var size = 28
  @Option var batchSize = 64
  @Option var steps = 4
  @Option var rate = 0.01
  @Option var momentum = 0.9

  init() {}

  init(
    _ model: VGGConfiguration.Depth, width: Double, channels: Int, size: Int, batchSize: Int
  ) {
    self.model = model
    self.width = width
    self.channels = channels
    self.size = size
    self.batchSize = batchSize
    // Default values hold for a parsed command line only.
    (steps, rate, momentum) = (4, 0.01, 0.9)
  }

  var description: String {
    "\(model.rawValue), width \(formatted(width, 2)), \(channels) × \(size) × \(size), "
      + "batch \(batchSize), T = \(steps), float32"
  }

  var encoder: DirectEncoding { DirectEncoding(steps: steps) }

  func network(seed: UInt64 = 1, neuron: LIF = LIF()) throws -> VGG {
    try VGG(
      VGGConfiguration(
        model, classes: 10, channels: channels, imageSize: size, width: width, neuron: neuron),
      using: Generator(seed: seed))
  }

  /// Fresh weights and a batch of noise, in files that both sides read.
  func write(weights: String, batch: String) throws {
    try Safetensors.write(try network().weights.map { $0.detached() }, to: weights)
    let generator = Generator(seed: 2)
    let labels = (Tensor.uniform([batchSize], using: generator) * 10).converted(to: .int64)
    let images = Tensor.uniform([batchSize, channels, size, size], using: generator)
    try Safetensors.write(["images": images, "labels": labels], to: batch)
  }

  /// Fresh weights whose batch norm has seen many pictures, and others for the batch: with fresh running statistics
  /// not one neuron in a thousand fires in evaluation mode, and any two networks agree.
  func writeCalibrated(weights: String, batch: String) throws {
    let network = try network()
    let generator = Generator(seed: 2)
    let pictures = Pictures(channels: channels, size: size, seed: 3)
    withoutGradients {
      for _ in 0..<100 {
        var pass = ForwardPass(.training)
        _ = network(encoder(pictures.draw(4, using: generator).images, &pass), &pass)
      }
    }
    try Safetensors.write(network.weights.map { $0.detached() }, to: weights)
    let (images, labels) = pictures.draw(batchSize, using: generator)
    try Safetensors.write(["images": images, "labels": labels], to: batch)
  }

  /// For our worker.
  var arguments: [String] {
    [
      "--channels", "\(channels)", "--size", "\(size)", "--batch-size", "\(batchSize)",
    ] + sharedArguments
  }

  /// For both workers; SpikingJelly's takes the images' shape from the batch.
  var sharedArguments: [String] {
    [
      "--model", model.rawValue, "--width", "\(width)", "--steps", "\(steps)", "--rate", "\(rate)",
      "--momentum", "\(momentum)",
    ]
  }
}

extension VGGConfiguration.Depth: @retroactive ExpressibleByArgument {}
