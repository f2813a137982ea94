import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// The neuron's equations against scalar loops, closed forms and finite differences.
@Suite struct LIFDynamicsTests {
  /// The equations once more, in plain Swift, one neuron at a time.
  private func scalarLoop(_ neuron: LIF, _ currents: [Double]) -> [Double] {
    var v = 0.0
    return currents.map { x in
      let h = neuron.leak * v + neuron.inputScale * x
      let spike = h >= neuron.threshold ? 1.0 : 0.0
      switch neuron.reset {
      case .soft: v = h - neuron.threshold * spike
      case .hard: v = spike == 1 ? 0 : h
      case .none: v = h
      }
      return spike
    }
  }

  @Test(arguments: Reset.allCases, [1.0, 1.1, 2, 20])
  func `follows the equations`(_ reset: Reset, _ tau: Double) {
    for decaysInput in [false, true] {
      for implementation in [LIF.Implementation.fused, .composed] {
        let neuron = LIF(
          tau: tau, threshold: 0.6, reset: reset, decaysInput: decaysInput,
          implementation: implementation)
        let x = randomTensor([9, 7], seed: 11, dtype: .float64) * 1.2 + 0.2
        let spikes = neuron.respond(to: Signal(stepped: x, steps: 9)).spikes
        for index in 0..<7 {
          let currents = x.selecting(index, along: 1).scalars(of: Double.self)
          #expect(
            spikes.selecting(index, along: 1).scalars(of: Double.self)
              == scalarLoop(neuron, currents))
        }
      }
    }
  }

  @Test func `integrate-and-fire with soft reset emits floor(T x / threshold) spikes`() {
    let neuron = LIF.integrateAndFire(threshold: 1)
    let currents = [0.0, 0.1875, 0.25, 0.5, 0.9375, 1]  // exact in binary, so sums are too
    let response = neuron.respond(to: Signal(constant: Tensor(currents), steps: 16))
    let counts = response.spikes.reshaped([16, 6]).sum(along: [0]).scalars(of: Double.self)
    #expect(counts == currents.map { (16 * $0).rounded(.down) })
    #expect(response.count.item() == counts.reduce(0, +))
  }

  @Test func `a potential that equals the threshold fires`() {
    let spikes = LIF(threshold: 1).respond(to: Signal(stepped: Tensor([1.0, 0.999]), steps: 1))
      .spikes
    #expect(spikes.scalars(of: Double.self) == [1, 0])
  }

  @Test(arguments: Surrogate.Shape.allCases)
  func `with the primitive in place of spikes, gradients are those of finite differences`(
    _ shape: Surrogate.Shape
  ) {
    for reset in Reset.allCases {
      let neuron = LIF(
        tau: 1.6, threshold: 0.5, reset: reset, surrogate: Surrogate(shape, width: 0.8),
        surrogateScale: 0.7, isSpiking: false)
      let weight = randomTensor([5, 3], seed: 2, dtype: .float64)
      let loss = { (x: Tensor) in
        (neuron.respond(to: Signal(stepped: x, steps: 5)).spikes * weight).sum()
      }
      let x = randomTensor([5, 3], seed: 1, dtype: .float64)
      let leaf = x.requiringGradient()
      let gradient = loss(leaf).gradients(of: [leaf], createGraph: true)[0]
      expectClose(gradient, numericalGradient(at: x, of: loss), relative: 1e-7, absolute: 1e-9)

      // The others have corners or a constant slope, where second differences say nothing.
      guard [.sigmoid, .arctan, .exponential].contains(shape) else { continue }
      // Hessian-vector product against central differences of the gradient along the vector.
      let v = randomTensor([5, 3], seed: 3, dtype: .float64)
      let product = (gradient * v).sum().gradients(of: [leaf])[0]
      let slope = { (x: Tensor) in
        let leaf = x.requiringGradient()
        return loss(leaf).gradients(of: [leaf])[0]
      }
      let h = 1e-5
      let numerical = (slope(x + v * h) - slope(x - v * h)) / (2 * h)
      expectClose(product, numerical, relative: 1e-6, absolute: 1e-8, "\(reset)")
    }
  }

  @Test(arguments: Surrogate.Shape.allCases, [0.25, 1, 3])
  func `a surrogate's primitive rises from 0 to 1, and its derivative has the stated form`(
    _ shape: Surrogate.Shape, _ width: Double
  ) {
    let surrogate = Surrogate(shape, width: width)
    // Odd multiples keep clear of the kinks.
    let u = Tensor((-37...37).map { (Double($0) + 0.003) * width / 13 })
    let leaf = u.requiringGradient()
    let slope = surrogate.primitive(leaf).sum().gradients(of: [leaf])[0]
    let expected = u.scalars(of: Double.self).map { u in
      let z = u / width
      let g: Double =
        switch shape {
        case .triangle: Swift.max(0, 1 - abs(z))
        case .rectangle: abs(z) <= 0.5 ? 1 : 0
        case .sigmoid: 1 / (2 + exponential(z) + exponential(-z))
        case .arctan: 0.5 / (1 + (Double.pi * z / 2) * (Double.pi * z / 2))
        case .exponential: 0.5 * exponential(-abs(z))
        }
      return g / width
    }
    expectClose(slope, Tensor(expected), relative: 1e-12, absolute: 1e-14)
    expectClose(surrogate.primitive(Tensor([0.0])).item(), 0.5, relative: 1e-12)
    let far = surrogate.primitive(Tensor([-1e6 * width, 1e6 * width])).scalars(of: Double.self)
    expectClose(far, [0, 1], relative: 0, absolute: 1e-6)
  }

  private func exponential(_ x: Double) -> Double { Tensor(x).exponential().item() }

  @Test func `within-step and through-time gradients agree at T = 1 and differ beyond`() {
    func gradient(_ temporal: TemporalGradient, steps: Int) -> Tensor {
      let x = (randomTensor([steps * 2, 31], seed: 8, dtype: .float64)).requiringGradient()
      let neuron = LIF(tau: 2, surrogate: .arctan(width: 1), temporalGradient: temporal)
      let spikes = neuron.respond(to: Signal(stepped: x, steps: steps)).spikes
      return (spikes * randomTensor(spikes.shape, seed: 9, dtype: .float64)).sum()
        .gradients(of: [x])[0]
    }
    #expect(gradient(.throughTime, steps: 1).isIdentical(to: gradient(.withinStep, steps: 1)))
    let difference = gradient(.throughTime, steps: 4) - gradient(.withinStep, steps: 4)
    #expect(difference.norm().item() > 1e-3)
  }

  @Test func `carried membranes join pieces of a sequence; a fresh pass starts from nothing`() {
    let x = randomTensor([6, 2, 5], seed: 4) * 1.4
    let neuron = LIF(tau: 3)
    var whole = ForwardPass(.evaluation)
    let expected = neuron(Signal(stepped: x.flattened(from: 0, to: 1), steps: 6), &whole).unfolded
    var carried = ForwardPass(.evaluation, carryingMembranes: true)
    var pieces: [Tensor] = []
    for range in [0..<2, 2..<3, 3..<6] {
      carried.begin()
      let piece = Signal(stepped: x[range].flattened(from: 0, to: 1), steps: range.count)
      pieces.append(neuron(piece, &carried).unfolded)
    }
    #expect(Tensor.concatenating(pieces).isIdentical(to: expected))

    var again = ForwardPass(.evaluation)
    again.begin()
    _ = neuron(Signal(stepped: x[0..<3].flattened(from: 0, to: 1), steps: 3), &again)
    again.begin()
    let fresh = neuron(Signal(stepped: x[0..<3].flattened(from: 0, to: 1), steps: 3), &again)
    #expect(fresh.unfolded.isIdentical(to: expected[0..<3]))
  }

  @Test func `a gradient view changes the backward pass only`() {
    let x = randomTensor([8, 17], seed: 6).requiringGradient()
    func run(_ view: GradientView?, _ neuron: LIF) -> (Tensor, Tensor) {
      var pass = ForwardPass(.evaluation, gradientView: view)
      let spikes = neuron(Signal(stepped: x, steps: 4), &pass).values
      return (spikes.detached(), (spikes * 2).sum().gradients(of: [x])[0])
    }
    let plain = run(nil, LIF())
    let viewed = run(
      GradientView(surrogate: .sigmoid(width: 0.3), temporalGradient: .withinStep), LIF())
    let direct = run(
      nil, LIF(surrogate: .sigmoid(width: 0.3), temporalGradient: .withinStep))
    #expect(viewed.0.isIdentical(to: plain.0))
    #expect(viewed.1.isIdentical(to: direct.1))
    #expect(!viewed.1.isIdentical(to: plain.1))
  }
}
