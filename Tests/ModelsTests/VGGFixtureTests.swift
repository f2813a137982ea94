import Foundation
import Layers
import Models
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// Networks with the weights and numbers of SpikingJelly 0.0.0.0.14 (scripts/fixtures).
@Suite struct VGGFixtureTests {
  /// A fixture's network, as our own.
  private func load(_ name: String) throws -> (file: SafetensorsFile, network: VGG, steps: Int) {
    let file = try Fixture.load(name)
    let json = try #require(file.metadata["options"])
    let description = try JSONDecoder().decode(NetworkDescription.self, from: Data(json.utf8))
    let network = try description.network(
      imageSize: file.tensors["images"]!.size(2), weightsOf: file.tensors)
    return (file, network, description.steps)
  }

  /// Gradients are compared by their norm; a bias before batch norm has none but rounding's, so it is measured
  /// against its layer's weight.
  private func expectSameGradients(_ ours: NamedTensors, _ theirs: NamedTensors) {
    #expect(Set(ours.names) == Set(theirs.names))
    for (name, expected) in theirs {
      guard let gradient = ours[name] else { continue }
      var scale = expected.norm().item()
      if name.hasSuffix("bias"), let weight = theirs[name.dropLast(4) + "weight"] {
        scale = max(scale, weight.norm().item() * (weight.rank == 4 ? 1 : 0))
      }
      let error = (gradient - expected).norm().item()
      #expect(error <= 1e-4 * scale, "\(name): off by \(error) of \(scale)")
    }
  }

  @Test(arguments: [Mode.evaluation, .training])
  func `a small VGG-5 gives SpikingJelly's logits and gradients`(_ mode: Mode) throws {
    let (file, network, steps) = try load("vgg.safetensors")
    let prefix = mode == .training ? "train." : "eval."
    let images = file.tensors["images"]!.requiringGradient()
    let labels = file.tensors["labels"]!
    var pass = ForwardPass(mode)
    let logits = network(DirectEncoding(steps: steps)(images, &pass), &pass)
    expectClose(logits, file.tensors[prefix + "logits"]!, relative: 0, absolute: 1e-4)
    for layer in pass.activity { #expect(layer.rate > 0.05, "a silent layer proves nothing") }

    let loss = PerStepCrossEntropy()(logits, labels)
    expectClose(loss.item(), file.tensors[prefix + "loss"]!.item(), relative: 1e-5)
    var leaves = network.parameters
    leaves["images"] = images
    expectSameGradients(loss.gradients(of: leaves), file.tensors.part(prefix + "grad."))
    if mode == .training {
      let moved = network.buffers
      for (name, expected) in file.tensors.part("train.running.") {
        expectClose(try #require(moved[name]), expected, relative: 1e-6, absolute: 1e-7, name)
      }
    } else {
      let regularised = PerStepCrossEntropy(meanSquareWeight: 0.05)(logits, labels)
      expectClose(
        regularised.item(), file.tensors["objective005.loss"]!.item(), relative: 1e-5)
      let before = file.tensors.part("weights.")
      for (name, buffer) in network.buffers { #expect(buffer.isIdentical(to: before[name]!)) }
    }
  }

  @Test func `a deep VGG-11 with other neurons gives SpikingJelly's logits and gradients`() throws {
    let (file, network, steps) = try load("vgg-deep.safetensors")
    var pass = ForwardPass(.evaluation)
    let logits = network(DirectEncoding(steps: steps)(file.tensors["images"]!, &pass), &pass)
    expectClose(logits, file.tensors["eval.logits"]!, relative: 0, absolute: 1e-4)
    let loss = PerStepCrossEntropy()(logits, file.tensors["labels"]!)
    let theirs = file.tensors.part("eval.grad.").filter { $0 != "images" }
    expectSameGradients(loss.gradients(of: network.parameters), theirs)
  }
}
