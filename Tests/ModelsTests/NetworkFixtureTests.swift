import Foundation
import Layers
import Models
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// Networks with the weights and numbers of SpikingJelly 0.0.0.0.14 and torch (scripts/fixtures).
@Suite struct NetworkFixtureTests {
  /// A fixture's network, as our own.
  private struct Peer {
    let tensors: NamedTensors
    let description: NetworkDescription
    let network: any SpikingNetwork

    init(_ name: String) throws {
      let file = try Fixture.load(name + ".safetensors")
      let json = try #require(file.metadata["options"])
      tensors = file.tensors
      description = try JSONDecoder().decode(NetworkDescription.self, from: Data(json.utf8))
      network = try description.network(
        imageSize: tensors["images"]!.size(2), weightsOf: tensors)
    }

    /// Ours on the fixture's images.
    func logits(_ images: Tensor, _ pass: inout ForwardPass) -> Tensor {
      network(DirectEncoding(steps: description.steps)(images, &pass), &pass)
    }
  }

  private func check(_ name: String, _ mode: Mode, activity: Double = 0.05) throws {
    let peer = try Peer(name)
    let prefix = mode == .training ? "train." : "eval."
    let images = peer.tensors["images"]!.requiringGradient()
    var pass = ForwardPass(mode)
    let logits = peer.logits(images, &pass)
    expectClose(logits, peer.tensors[prefix + "logits"]!, relative: 1e-5, absolute: 1e-4)
    #expect(pass.activity.count == peer.network.neuronLayerNames.count)
    for layer in pass.activity {
      #expect(layer.rate > activity, "a silent layer proves nothing")
    }

    let loss = PerStepCrossEntropy()(logits, peer.tensors["labels"]!)
    expectClose(loss.item(), peer.tensors[prefix + "loss"]!.item(), relative: 1e-5)
    var leaves = peer.network.parameters
    leaves["images"] = images
    let theirs = peer.tensors.part(prefix + "grad.")
    // The deepest networks without batch norm have a part of theirs in the file.
    expectSameGradients(
      loss.gradients(of: leaves), theirs, mode,
      isPart: [.nfResNet34, .nfResNet50].contains(peer.description.model))
    if mode == .training {
      let running = peer.tensors.part("train.running.")
      #expect(Set(running.names) == Set(peer.network.buffers.names))
      for (name, buffer) in peer.network.buffers {
        expectClose(buffer, running[name]!, relative: 1e-5, absolute: 1e-6, name)
      }
    } else {
      let before = peer.tensors.part("weights.")
      for (name, buffer) in peer.network.buffers {
        #expect(buffer.isIdentical(to: before[name]!))
      }
    }
  }

  @Test(arguments: ["vgg", "resnet18", "resnet18-imagenet"], [Mode.evaluation, .training])
  func `a small network gives SpikingJelly's logits, gradients and statistics`(
    _ name: String, _ mode: Mode
  ) throws { try check(name, mode) }

  @Test(arguments: [
    "vgg-deep", "vgg11-released", "vgg13", "vgg16", "vgg19", "resnet34", "resnet34-imagenet",
    "nf-resnet18", "nf-resnet34", "nf-resnet50", "nf-resnet50-imagenet",
  ])
  func `deep networks and those without batch norm give SpikingJelly's numbers`(
    _ name: String
  ) throws { try check(name, .evaluation) }

  @Test(
    arguments: ["relu-vgg5", "relu-resnet18", "relu-resnet18-imagenet"],
    [Mode.evaluation, .training])
  func `a rectified network gives torch's logits, gradients and statistics`(
    _ name: String, _ mode: Mode
  ) throws { try check(name, mode, activity: 0.3) }

  @Test(arguments: [
    "relu-vgg11", "relu-resnet34", "relu-nf-resnet18", "relu-nf-resnet34", "relu-nf-resnet50",
  ])
  func `deep rectified networks and those without batch norm give torch's numbers`(
    _ name: String
  ) throws { try check(name, .evaluation, activity: 0.3) }

  @Test func `the release's objective has its value on SpikingJelly's logits`() throws {
    let peer = try Peer("vgg")
    var pass = ForwardPass(.evaluation)
    let logits = peer.logits(peer.tensors["images"]!, &pass)
    let loss = PerStepCrossEntropy(meanSquareWeight: 0.05)(logits, peer.tensors["labels"]!)
    expectClose(loss.item(), peer.tensors["objective005.loss"]!.item(), relative: 1e-5)
  }
}
