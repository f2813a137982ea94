import Foundation
import Layers
import Models
import NetworkFixtures
import Spiking
import TestSupport
import Testing
import Torch

/// SpikingJelly 0.0.0.0.14 in single-step mode: batch norm by each step's own statistics (scripts/fixtures/vgg_steps.py).
@Suite struct SingleStepFixtureTests {
  private let theirs: NamedTensors
  private let network: any SpikingNetwork
  private let encoder: DirectEncoding

  init() throws {
    let file = try Fixture.load("vgg-steps.safetensors")
    let json = try #require(file.metadata["options"])
    let description = try JSONDecoder().decode(NetworkDescription.self, from: Data(json.utf8))
    theirs = file.tensors
    network = try description.network(
      imageSize: 28, weightsOf: try Fixture.load("vgg.safetensors").tensors)
    encoder = DirectEncoding(steps: description.steps)
  }

  struct Way: Sendable {
    let temporal: TemporalGradient
    let unrolling: Unrolling
    /// Its gradients in the fixture.
    let prefix: String
  }

  static let ways = [
    Way(temporal: .throughTime, unrolling: .allSteps, prefix: "through."),
    Way(temporal: .withinStep, unrolling: .allSteps, prefix: "within."),
    Way(temporal: .withinStep, unrolling: .stepByStep, prefix: "within."),
  ]

  @Test(arguments: ways.indices)
  func `logits, gradients and running statistics are SpikingJelly's`(_ index: Int) throws {
    let way = Self.ways[index]
    let view = GradientView(temporalGradient: way.temporal)
    var pass = ForwardPass(.training, gradientView: view, batchStatistics: .eachStep)
    let result = network.lossGradients(
      of: PerStepCrossEntropy(), on: theirs["images"]!, labels: theirs["labels"]!,
      encoder: encoder, &pass, unrolling: way.unrolling)
    expectClose(result.logits, theirs["logits"]!, relative: 0, absolute: 1e-4)
    expectClose(result.loss.item(), theirs["loss"]!.item(), relative: 1e-5)
    expectSameGradients(
      result.gradients, theirs.part(way.prefix + "grad.").filter { $0 != "images" },
      .training)
    for (name, expected) in theirs.part("running.") {
      expectClose(
        try #require(network.buffers[name]), expected, relative: 1e-6, absolute: 1e-7, name)
    }
    for layer in pass.activity { #expect(layer.rate > 0.05, "a silent layer proves nothing") }
  }

  @Test func `the image's gradient passes each step's statistics`() {
    let images = theirs["images"]!.requiringGradient()
    var pass = ForwardPass(.training, batchStatistics: .eachStep)
    let logits = network(encoder(images, &pass), &pass)
    let loss = PerStepCrossEntropy()(logits, theirs["labels"]!)
    expectSameGradients(
      loss.gradients(of: ["images": images]),
      ["images": theirs["through.grad.images"]!], .training)
  }

  @Test func `the choices are told apart by this fixture`() {
    var pass = ForwardPass(.training)
    let logits = network(encoder(theirs["images"]!, &pass), &pass)
    #expect((logits.detached() - theirs["logits"]!).norm(.infinity).item() > 1e-2)
    let through = theirs["through.grad.layer2.0.weight"]!
    let within = theirs["within.grad.layer2.0.weight"]!
    #expect((through - within).norm().item() > 1e-2 * through.norm().item())
  }
}
