import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// A convolution, neurons and a linear layer out of layers with weights: the least that has a stem, time and a head.
private final class TwoLayers: SpikingNetwork {
  let first: Conv2d
  let second: Linear
  let neuron: any Neuron

  init(_ neuron: any Neuron) {
    let generator = Generator(seed: 1)
    first = Conv2d(2, 3, using: generator)
    second = Linear(3 * 5 * 4, 4, standardDeviation: 0.3, using: generator)
    self.neuron = neuron
    convert(to: .float64)
    // Where the neurons are busy: a silent network proves nothing.
    withoutGradients { first.bias!.addInPlace(Tensor(0.6)) }
  }

  var parameters: NamedTensors {
    var all = first.parameters.prefixed("first.")
    all.merge(second.parameters.prefixed("second."))
    return all
  }
  var neuronLayerNames: [String] { ["first"] }

  func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
    pass.begin()
    let spikes = neuron(first(input, &pass), &pass)
    return second(spikes.map { $0.flattened(from: 1) }, &pass).unfolded
  }
}

/// One linear layer on the pixels, without time of its own.
private final class OneLayer: SpikingNetwork {
  let layer: Linear

  init() {
    layer = Linear(6, 3, using: Generator(seed: 2))
    convert(to: .float64)
  }

  var parameters: NamedTensors { layer.parameters }
  var neuronLayerNames: [String] { [] }

  func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
    pass.begin()
    return layer(input.map { $0.flattened(from: 1) }, &pass).unfolded
  }
}

/// The gradients of the time steps against an unrolled network with a weight of its own at every step.
@Suite struct StepwiseGradientTests {
  private static let images = Tensor.uniform(
    [3, 2, 5, 4], dtype: .float64, using: Generator(seed: 3))
  private static let labels = Tensor([0, 3, 1] as [Int64])

  private static func loss(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    // The steps have different weights, so that a mix-up of them is seen.
    let steps = logits.size(0)
    return (0..<steps).map { step in
      logits.selecting(step, along: 0).crossEntropy(labels) * Double(step + 1)
    }.reduce(Tensor(0.0)) { $0 + $1 }
  }

  /// Every step's copy of both weights is a leaf; the neuron is written out, its surrogate the unit triangle.
  private func unrolled(
    _ network: TwoLayers, on signal: [Tensor], leak: Double, throughTime: Bool
  ) -> (first: [Tensor], second: [Tensor]) {
    let first = signal.map { _ in network.first.weight.copied().requiringGradient() }
    let second = signal.map { _ in network.second.weight.copied().requiringGradient() }
    let value = withGradients {
      var membrane: Tensor?
      var logits: [Tensor] = []
      for (step, input) in signal.enumerated() {
        let current = input.conv2d(first[step], bias: network.first.bias, padding: 1)
        let carried = membrane.map { throughTime ? $0 : $0.detached() }
        let charged = carried.map { $0 * leak + current } ?? current
        let u = charged - 1
        // ∫ (1 − |u|) du on −1 ... 1, constant beyond.
        let inside = u.clamped(-1, 1)
        let smooth = inside - inside * inside.magnitude() / 2
        let spike = (u.detached() .>= 0).converted(to: .float64) + (smooth - smooth.detached())
        membrane = charged - spike
        logits.append(spike.flattened(from: 1).linear(second[step], bias: network.second.bias))
      }
      return Self.loss(.stacking(logits), Self.labels)
    }
    let gradients = value.gradients(of: first + second)
    return (Array(gradients[..<signal.count]), Array(gradients[signal.count...]))
  }

  /// Catches gradients of the wrong step, paths through later steps that are lost, and a stem whose steps are not told
  /// apart.
  @Test(arguments: [1, 2, 5], [true, false])
  func `the parts are the gradients of weights of their own at every step`(
    _ steps: Int, _ throughTime: Bool
  ) {
    let leak = 0.7
    var neuron = LIF(temporalGradient: throughTime ? .throughTime : .withinStep)
    neuron.leak = leak
    let network = TwoLayers(neuron)
    for encoder in [DirectEncoding(steps: steps), PoissonEncoding(steps: steps)] as [any Encoder] {
      var pass = ForwardPass(.evaluation, using: Generator(seed: 7))
      let signal = encoder(Self.images, &pass)
      let inputs = signal.eachStep
      let slow = unrolled(network, on: inputs, leak: leak, throughTime: throughTime)
      let found = network.stepwiseGradients(
        encoder, images: Self.images, labels: Self.labels, using: Generator(seed: 7),
        loss: Self.loss)
      #expect(found.map(\.name) == ["first.weight", "second.weight"])
      for (gradient, expected) in zip(found, [slow.first, slow.second]) {
        let ofWeight = gradient.ofWeight()
        #expect(ofWeight.norm().item() > 0.01)
        expectClose(ofWeight, .stacking(expected), relative: 1e-11, absolute: 1e-13)
      }
    }
  }

  @Test func `the gradients of the inputs are those of the images' steps`() {
    let network = TwoLayers(LIF(tau: 2))
    let leaf = PoissonEncoding(steps: 3)
    var pass = ForwardPass(.evaluation, using: Generator(seed: 7))
    let images = leaf(Self.images, &pass).folded.requiringGradient()
    var again = ForwardPass(.evaluation)
    let logits = network(Signal(stepped: images, steps: 3), &again)
    let expected = Self.loss(logits, Self.labels).gradients(of: [images])[0]
    let found = network.stepwiseGradients(
      leaf, images: Self.images, labels: Self.labels, using: Generator(seed: 7), loss: Self.loss)
    expectClose(
      found[0].ofInput().flattened(from: 0, to: 1), expected, relative: 1e-11, absolute: 1e-14)
  }

  /// Without neurons g[t] = c xᵀ, with c the weights of a linear loss.
  @Test func `one linear layer has the outer products of its loss and its inputs`() {
    let network = OneLayer()
    let images = Tensor.uniform([1, 1, 2, 3], dtype: .float64, using: Generator(seed: 5))
    let slopes = Tensor([2.0, -1, 0.5, 0, 3, 1], shape: [2, 1, 3])
    let found = network.stepwiseGradients(
      DirectEncoding(steps: 2), images: images, labels: Tensor([0] as [Int64])
    ) { logits, _ in (logits * slopes).sum() }
    for step in 0..<2 {
      expectClose(
        found[0].ofWeight().selecting(step, along: 0),
        slopes.selecting(step, along: 0).flattened().outer(images.flattened()), relative: 1e-14)
    }
  }

  @Test func `a pass that keeps uses keeps them of its last call, and other passes keep none`() {
    let network = TwoLayers(LIF())
    var pass = ForwardPass(.evaluation)
    _ = network(Signal(constant: Self.images, steps: 2), &pass)
    #expect(pass.weightUses == nil)
    pass.weightUses = []
    for _ in 0..<2 { _ = network(Signal(constant: Self.images, steps: 2), &pass) }
    #expect(pass.weightUses?.count == 2)
    #expect(pass.weightUses?.map(\.output.isConstant) == [false, false])
  }
}
