import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// Whose state a pass starts from.
@Suite struct ForwardPassTests {
  private let neuron = LIF(tau: 3)
  private let x = randomTensor([6, 2, 5], seed: 4) * 1.4

  private func piece(_ range: Range<Int>) -> Signal {
    Signal(stepped: x[range].flattened(from: 0, to: 1), steps: range.count)
  }

  @Test func `a pass goes on from where another stopped, and leaves that one as it was`() {
    var whole = ForwardPass(.evaluation)
    let expected = neuron(piece(0..<6), &whole).unfolded
    var first = ForwardPass(.evaluation, carryingMembranes: true)
    _ = neuron(piece(0..<2), &first)
    var second = ForwardPass(.training, startingFrom: first, carryingMembranes: true)
    #expect(second.activity.isEmpty)
    let middle = neuron(piece(2..<3), &second).unfolded
    #expect(middle.isIdentical(to: expected[2..<3]))
    var third = ForwardPass(.evaluation, startingFrom: second)
    #expect(neuron(piece(3..<6), &third).unfolded.isIdentical(to: expected[3..<6]))
    // `third` carries nothing: its next call starts from `second` once more.
    third.begin()
    #expect(neuron(piece(3..<6), &third).unfolded.isIdentical(to: expected[3..<6]))
    var again = ForwardPass(.evaluation, startingFrom: first)
    #expect(neuron(piece(2..<3), &again).unfolded.isIdentical(to: middle))
  }

  @Test func `the gradient stops where one pass takes over from another`() {
    let leaf = x.requiringGradient()
    var first = ForwardPass(.evaluation, carryingMembranes: true)
    _ = neuron(Signal(stepped: leaf[0..<3].flattened(from: 0, to: 1), steps: 3), &first)
    var second = ForwardPass(.evaluation, startingFrom: first)
    let spikes = neuron(Signal(stepped: leaf[3..<6].flattened(from: 0, to: 1), steps: 3), &second)
    let gradient = spikes.values.sum().gradients(of: [leaf])[0]
    #expect(gradient[0..<3].norm().item() == 0 && gradient[3..<6].norm().item() > 0)
  }

  @Test func `layers find their own membranes, also behind one that has none`() {
    var first = ForwardPass(.evaluation, carryingMembranes: true)
    for membrane in [Tensor([1.0]), nil, Tensor([3.0])] {
      first.record(LayerActivity(spikes: Tensor(Int64(0)), opportunities: 1), membrane: membrane)
    }
    var second = ForwardPass(.evaluation, startingFrom: first)
    let found = (0..<4).map { _ in
      let membrane = second.nextMembrane?.item()
      second.record(LayerActivity(spikes: Tensor(Int64(0)), opportunities: 1), membrane: nil)
      return membrane
    }
    #expect(found == [1, nil, 3, nil])
  }

  @Test func `starting from a pass that kept nothing traps`() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = ForwardPass(.training, startingFrom: ForwardPass(.evaluation))
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("kept no membranes"))
  }
}
