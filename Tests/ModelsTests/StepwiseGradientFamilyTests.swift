import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

/// The gradients of the time steps of every family add up to the gradient, and asking for them changes no bit.
@Suite struct StepwiseGradientFamilyTests {
  @Test(arguments: FamilyTests.families, [1, 3])
  func `the parts of all time steps add up to the gradient`(
    _ family: FamilyTests.Family, _ steps: Int
  ) throws {
    let network = try family.network(LIF(threshold: 0.1, surrogate: .arctan(width: 1)))
    network.convert(to: .float64)
    let images = randomTensor([3, 3, family.size, family.size], seed: 4, dtype: .float64).sigmoid()
    // A fresh network is silent in its deeper layers, and a silent network proves nothing.
    for _ in 0..<20 {
      var pass = ForwardPass(.training)
      withoutGradients {
        _ = network(DirectEncoding(steps: steps)(images, &pass), &pass)
      }
    }
    let labels = Tensor([0, 3, 6] as [Int64])
    var pass = ForwardPass(.evaluation)
    let logits = network(DirectEncoding(steps: steps)(images, &pass), &pass)
    let whole = PerStepCrossEntropy()(logits, labels).gradients(of: network.parameters)
    let parts = network.stepwiseGradients(
      DirectEncoding(steps: steps), images: images, labels: labels,
      loss: { PerStepCrossEntropy()($0, $1) })
    let names = Set(parts.map(\.name))
    #expect(names.count == parts.count)
    let matrices = network.parameters.filter {
      network.parameters[$0]!.rank >= 2 && !$0.hasSuffix("gain")
    }
    #expect(names == Set(matrices.names))
    for part in parts {
      let gradient = try #require(whole[part.name])
      let scale = gradient.norm().item()
      #expect(scale > 0, "\(part.name)")
      let ofWeight = part.ofWeight()
      #expect(ofWeight.size(0) == steps)
      let error = (ofWeight.sum(along: [0]) - gradient).norm().item()
      #expect(error <= 1e-12 * scale, "\(part.name): off by \(error) of \(scale)")
    }
  }

  /// One rounding more or less flips a spike at the threshold.
  @Test(arguments: FamilyTests.families, FamilyTests.neurons.indices)
  func `keeping the uses of weights changes no bit of the logits`(
    _ family: FamilyTests.Family, _ neuron: Int
  ) throws {
    let network = try family.network(FamilyTests.neurons[neuron])
    let images = randomTensor([3, 3, family.size, family.size], seed: 4).sigmoid()
    var plain = ForwardPass(.evaluation)
    let expected = network(Signal(constant: images, steps: 3), &plain)
    var keeping = ForwardPass(.evaluation)
    keeping.weightUses = []
    let found = network(Signal(constant: images, steps: 3), &keeping)
    #expect(found.isIdentical(to: expected))
    #expect(keeping.spikeRate == plain.spikeRate)
  }
}
