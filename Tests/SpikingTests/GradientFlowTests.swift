import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// Where a gradient dies.
@Suite struct GradientFlowTests {
  private let images = Tensor.uniform([3, 2, 5, 4], dtype: .float64, using: Generator(seed: 3))
  private let labels = Tensor([0, 2, 1] as [Int64])

  private func flow(_ network: SmallNetwork, _ view: GradientView? = nil, steps: Int = 3)
    -> GradientFlow
  {
    network.gradientFlow(
      DirectEncoding(steps: steps), gradientView: view, images: images, labels: labels)
  }

  @Test func `straight through, gradients arrive everywhere`() {
    let flow = flow(SmallNetwork(neuron: LIF()), GradientView(rule: .straightThrough))
    #expect(flow.layers.map(\.name) == ["first", "second"])
    #expect(flow.layers.map(\.neurons) == [100, 120])
    #expect(flow.examples == 3 && flow.examplesWithoutGradient == 0 && flow.zeroShare == 0)
    for layer in flow.layers {
      #expect(layer.arrivingZeroShare == 0 && layer.zeroShare < 0.1)
      #expect(layer.examplesWithoutGradient == 0 && !layer.neverSpikes)
    }
  }

  @Test func `a surrogate of almost no width lets nothing through, though gradients arrive`() {
    let view = GradientView(surrogate: .triangle(width: 1e-9))
    let flow = flow(SmallNetwork(neuron: LIF()), view)
    #expect(flow.examplesWithoutGradient == 3 && flow.zeroShare == 1)
    #expect(flow.layers[1].arrivingZeroShare == 0 && flow.layers[1].zeroShare == 1)
    #expect(flow.layers[1].examplesWithoutGradient == 3)
    #expect(flow.layers[0].arrivingZeroShare == 1 && flow.layers[0].zeroShare == 1)
  }

  @Test func `layers that never spike are told from busy ones`() {
    let silent = flow(
      SmallNetwork(neuron: LIF(threshold: 1e6)), GradientView(rule: .firedAtLeastOnce))
    #expect(silent.layers.allSatisfy { $0.neverSpikes && $0.silentNeurons == $0.neurons })
    #expect(silent.examplesWithoutGradient == 3)
    let busy = flow(SmallNetwork(neuron: LIF(threshold: -1e6)))
    #expect(busy.layers.allSatisfy { $0.silentNeurons == 0 })
  }

  /// Through the rate, a current passes on what its neuron's activity lets through: shares can be counted by hand.
  @Test(arguments: [1, 3])
  func `shares are those of silent neurons through the rate`(_ steps: Int) {
    let network = SmallNetwork(neuron: LIF(tau: 2))
    let view = GradientView(rule: .firedAtLeastOnce)
    var pass = ForwardPass(.evaluation)
    pass.trace = []
    _ = network(Signal(constant: images, steps: steps), &pass)
    let flow = flow(network, view, steps: steps)
    for (layer, trace) in zip(flow.layers, pass.trace!) {
      let spikes = trace.output.unfolded.flattened(from: 2, to: -1)
      let fired = spikes.sum(along: [0]) .> 0
      #expect(layer.silentNeurons == Int((spikes.sum(along: [0, 1]) .== 0).sum().item()))
      // Every output of the last layer gets a gradient, so that only silent neurons stop it.
      guard layer.name == "second" else { continue }
      let share = 1 - fired.sum().item() / Double(fired.count)
      expectClose(layer.zeroShare, share, relative: 1e-12)
      let idle = (fired.sum(along: [1]) .== 0).sum().item()
      #expect(Double(layer.examplesWithoutGradient) == idle)
    }
  }

  @Test func `rectifiers are traced too, and a network without gradient mode still answers`() {
    let network = SmallNetwork(neuron: Rectifier())
    let flow = withoutGradients { self.flow(network) }
    #expect(flow.layers.count == 2 && flow.examplesWithoutGradient == 0)
    #expect(flow.layers[0].zeroShare > 0 && flow.layers[0].zeroShare < 1)
  }
}
