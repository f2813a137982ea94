import Experiments
import Foundation
import Models
import TestSupport
import Testing
import Torch
import Training

/// Networks of every family go all the way: trained, stored, taken apart, attacked.
@Suite struct FamilyCommandTests {
  @Test(arguments: [
    "--model resnet18", "--model nf-resnet18 --deflation fast",
    "--model resnet18 --activation relu", "--model vgg5 --activation relu",
  ])
  func `a network of each family is trained, predicts and is attacked`(_ options: String) throws {
    try Workplace.with { place in
      let network = "\(options) --width 0.0625 --time-steps 2"
      try place.succeed(
        "train \(Workplace.data) \(Workplace.testData) \(network) --batch-size 8 --epochs 2 --crop 0 --no-flip --out run"
      )
      let checkpoint = RunFolder.checkpoint(at: place.path("run"))
      let manifest = try #require(LoadedNetwork(checkpoint: checkpoint).manifest)
      #expect(manifest.network.stem == (options.contains("vgg") ? nil : .cifar))
      #expect(manifest.network.activation == (options.contains("relu") ? .relu : .spiking))
      #expect(manifest.history.allSatisfy { $0.loss.isFinite && $0.loss > 0 })
      let bare = try Safetensors.read(from: checkpoint).tensors
        .filter { !$0.hasPrefix("optimizer.") }
      try place.write(bare, to: "bare.safetensors")
      // The options that a reader of bare weights gives; deflation is training's.
      let described = network.replacing(" --deflation fast", with: "")
      try place.succeed(
        "predict --checkpoint run \(Workplace.data) --out a.safetensors")
      try place.succeed(
        "predict --weights bare.safetensors \(described) \(Workplace.data) --out b.safetensors")
      #expect(try place.contents("a.safetensors") == place.contents("b.safetensors"))
      let output = try place.succeed(
        "attack --weights bare.safetensors \(described) \(Workplace.data) --attack pgd --steps 2 "
          + "--epsilon 0.1")
      #expect(output.contains("/40"))
    }
  }
}
