import Foundation
import Spiking
import TestSupport
import Testing
import Torch

/// SpikingJelly 0.0.0.0.14 on the same inputs (scripts/fixtures).
@Suite struct SpikingJellyTests {
  private struct Options: Decodable {
    let leak: Double
    let inputScale: Double
    let threshold: Double
    let reset: String
    let detachReset: Bool
    let surrogate: String
    let width: Double
    let steps: Int
    let dtype: String
  }

  @Test(arguments: [LIF.Implementation.fused, .composed])
  func `spikes and gradients are SpikingJelly's`(_ implementation: LIF.Implementation) throws {
    let file = try Fixture.load("lif.safetensors")
    let cases = file.metadata.keys.filter { $0.hasPrefix("case") }.sorted()
    #expect(cases.count >= 12)
    for name in cases {
      let options = try JSONDecoder().decode(Options.self, from: Data(file.metadata[name]!.utf8))
      var neuron = LIF(
        threshold: options.threshold, reset: options.reset == "soft" ? .soft : .hard,
        detachesReset: options.detachReset,
        surrogate: Surrogate(
          try #require(Surrogate.Shape(rawValue: options.surrogate)), width: options.width),
        implementation: implementation)
      neuron.leak = options.leak
      neuron.inputScale = options.inputScale
      let x = try #require(file.tensors[name + ".x"]).flattened(from: 0, to: 1)
        .requiringGradient()
      let upstream = try #require(file.tensors[name + ".grad"]).flattened(from: 0, to: 1)
      let spikes = neuron.respond(to: Signal(stepped: x, steps: options.steps)).spikes
      let expected = try #require(file.tensors[name + ".spikes"]).flattened(from: 0, to: 1)
      #expect(spikes.detached().isIdentical(to: expected), "\(name)")
      let gradient = try vectorJacobianProduct(
        outputs: [spikes], inputs: [x], vectors: [upstream])[0]
      let tolerance = options.dtype == "float64" ? 1e-12 : 2e-6
      expectClose(
        gradient, try #require(file.tensors[name + ".dx"]).flattened(from: 0, to: 1),
        relative: tolerance, absolute: tolerance, name)
    }
  }
}
