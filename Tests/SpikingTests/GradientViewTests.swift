import Foundation
import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// Each rule's backward pass against loops derived by hand.
@Suite struct GradientViewTests {
  struct Layer: Sendable, CustomTestStringConvertible {
    let steps: Int
    /// `[B, C, …]`
    let shape: [Int]
    let reset: Reset
    let isConstant: Bool
    let detachesReset: Bool
    let leak: Double
    let inputScale: Double

    var testDescription: String {
      "T \(steps) \(shape) \(reset) constant \(isConstant) detach \(detachesReset) leak \(leak) "
        + "scale \(inputScale)"
    }

    var neuron: LIF {
      var neuron = LIF(
        threshold: 0.6, reset: reset, detachesReset: detachesReset, surrogate: .sigmoid(width: 0.4))
      neuron.leak = leak
      neuron.inputScale = inputScale
      return neuron
    }

    var slow: SlowView {
      SlowView(neuron: neuron, channels: shape[1], positions: shape.dropFirst(2).reduce(1, *))
    }

    static let all: [Layer] = Reset.allCases.flatMap { reset in
      zip([1, 3, 5, 5], [[2, 3, 3, 1], [3, 5], [1, 2, 1, 3], [3, 2, 1, 3]] as [[Int]]).flatMap {
        steps, shape in
        [false, true].map { flag in
          Layer(
            steps: steps, shape: shape, reset: reset, isConstant: flag, detachesReset: !flag,
            leak: steps == 5 ? 1 : 0.3, inputScale: flag ? 0.7 : 1)
        }
      }
    }

    /// Currents and the gradient that arrives at the spikes, as tensors and as plain numbers.
    func draw(seed: UInt64) -> (current: Tensor, weight: Tensor, x: [[Double]], g: [[Double]]) {
      let rows = (isConstant ? 1 : steps) * shape[0]
      let current =
        randomTensor([rows] + shape.dropFirst(), seed: seed, dtype: .float64) * 1.1 + 0.35
      let weight = randomTensor(
        [steps * shape[0]] + shape.dropFirst(), seed: seed + 1, dtype: .float64)
      let signal = signal(current)
      func series(_ tensor: Tensor) -> [[Double]] {
        (0..<steps).map { tensor.selecting($0, along: 0).scalars(of: Double.self) }
      }
      return (
        current, weight, series(signal.unfolded),
        series(weight.reshaped([steps] + shape))
      )
    }

    func signal(_ current: Tensor) -> Signal {
      isConstant ? Signal(constant: current, steps: steps) : Signal(stepped: current, steps: steps)
    }

    /// The gradient of Σ weight · spikes through the layer under a view, checking the spikes on the way.
    func gradient(_ view: GradientView, _ current: Tensor, _ weight: Tensor) -> Tensor {
      let leaf = current.requiringGradient()
      var pass = ForwardPass(.evaluation, gradientView: view, carryingMembranes: true)
      pass.begin()
      let spikes = neuron(signal(leaf), &pass).values
      var plain = ForwardPass(.evaluation, carryingMembranes: true)
      plain.begin()
      #expect(spikes.detached().isIdentical(to: neuron(signal(current), &plain).values))
      #expect(pass.activity[0].spikeCount == plain.activity[0].spikeCount)
      var (after, afterPlain) = (pass, plain)
      after.begin()
      afterPlain.begin()
      #expect(after.nextMembrane!.isIdentical(to: afterPlain.nextMembrane!))
      return (spikes * weight).sum().gradients(of: [leaf])[0]
    }

    /// What a constant current gets is the sum over steps.
    func expected(_ gradient: [[Double]]) -> [Double] {
      guard isConstant else { return gradient.flatMap { $0 } }
      return gradient[0].indices.map { j in gradient.map { $0[j] }.reduce(0, +) }
    }

    func expectEqual(_ found: Tensor, _ gradient: [[Double]], within tolerance: Double = 1e-10) {
      expectClose(
        found.scalars(of: Double.self), expected(gradient), relative: tolerance,
        absolute: tolerance,
        testDescription)
    }
  }

  static let views: [GradientView] = [
    .surrogate(.triangle(width: 1)), .hart(width: 1), GradientView(rule: .straightThrough),
    GradientView(rule: .firedAtLeastOnce), GradientView(rule: .rate(RateGradient())),
    GradientView(rule: .potentialDependent(PotentialDependentSurrogate())),
  ]

  /// Another layout would make the next convolution round otherwise.
  @Test(arguments: [1, 3], [false, true])
  func `channels-last currents give channels-last spikes and the same gradients`(
    _ steps: Int, _ isConstant: Bool
  ) {
    let x = randomTensor([(isConstant ? 1 : steps) * 2, 5, 3, 4], seed: 9) * 1.5
    let weight = randomTensor([steps * 2, 5, 3, 4], seed: 10)
    for view in Self.views + [
      GradientView(rule: .adaptive(AdaptiveSharpness(), SurrogateMemory()))
    ] {
      func run(_ x: Tensor, _ view: GradientView?) -> (spikes: Tensor, gradient: Tensor) {
        let leaf = x.requiringGradient()
        var pass = ForwardPass(.evaluation, gradientView: view)
        let signal =
          isConstant ? Signal(constant: leaf, steps: steps) : Signal(stepped: leaf, steps: steps)
        let spikes = LIF(tau: 2)(signal, &pass).values
        return (spikes.detached(), (spikes * weight).sum().gradients(of: [leaf])[0])
      }
      let last = x.contiguous(.channelsLast)
      let found = run(last, view)
      #expect(found.spikes.strides == run(last, nil).spikes.strides, "\(view.rule)")
      guard !view.isStateful else { continue }
      expectClose(found.gradient, run(x, view).gradient, relative: 1e-5, absolute: 1e-6)
    }
  }

  @Test(arguments: Layer.all)
  func `a surrogate with a scale`(_ layer: Layer) {
    let (current, weight, x, g) = layer.draw(seed: 1)
    let found = layer.gradient(
      .surrogate(.exponential(width: 0.5), scale: 0.3), current, weight)
    let slope = layer.slow.slopes(x) { 0.3 * exp(-abs($0) / 0.5) }
    layer.expectEqual(found, layer.slow.backward(x, g, slope: slope, throughTime: true))
  }

  @Test(arguments: Layer.all)
  func `straight through`(_ layer: Layer) {
    let (current, weight, x, g) = layer.draw(seed: 2)
    for temporal in TemporalGradient.allCases {
      let found = layer.gradient(
        GradientView(temporalGradient: temporal, rule: .straightThrough), current, weight)
      layer.expectEqual(
        found,
        layer.slow.backward(
          x, g, slope: layer.slow.slopes(x) { _ in 1 }, throughTime: temporal == .throughTime))
    }
  }

  @Test(arguments: Layer.all)
  func `backward pass through rate`(_ layer: Layer) {
    let (current, weight, x, g) = layer.draw(seed: 3)
    let found = layer.gradient(GradientView(rule: .firedAtLeastOnce), current, weight)
    layer.expectEqual(found, layer.slow.firedAtLeastOnce(x, g))
  }

  @Test(arguments: Layer.all)
  func `rate gradient`(_ layer: Layer) {
    let (current, weight, x, g) = layer.draw(seed: 4)
    for rate in [RateGradient(), RateGradient(subthresholdSlope: 0.5, saturation: 1.3)] {
      let found = layer.gradient(GradientView(rule: .rate(rate)), current, weight)
      layer.expectEqual(
        found,
        layer.slow.rate(x, g, gamma: rate.subthresholdSlope, beta: rate.saturation), within: 1e-6)
    }
  }

  @Test(arguments: Layer.all)
  func `time-averaged gradient`(_ layer: Layer) {
    let (current, weight, x, g) = layer.draw(seed: 5)
    let found = layer.gradient(.hart(width: 0.8), current, weight)
    let slope = layer.slow.slopes(x) { Swift.max(0, 0.8 - abs($0)) / (0.8 * 0.8) }
    let each = layer.slow.backward(x, g, slope: slope, throughTime: false)
    layer.expectEqual(found, layer.slow.averaged(each))
  }

  @Test(arguments: Layer.all)
  func `potential-dependent surrogate`(_ layer: Layer) {
    let (current, weight, x, g) = layer.draw(seed: 6)
    for temporal in TemporalGradient.allCases {
      let found = layer.gradient(
        GradientView(
          temporalGradient: temporal, rule: .potentialDependent(PotentialDependentSurrogate())),
        current, weight)
      let slope = layer.slow.potentialDependentSlopes(x)
      layer.expectEqual(
        found, layer.slow.backward(x, g, slope: slope, throughTime: temporal == .throughTime))
    }
  }

  @Test(arguments: Layer.all)
  func `adaptive sharpness over three iterations`(_ layer: Layer) {
    let memory = SurrogateMemory()
    let view = GradientView(
      temporalGradient: .throughTime, rule: .adaptive(AdaptiveSharpness(vanishing: 0.8), memory))
    var slow = SlowMemory(
      steps: layer.steps, neurons: layer.shape.reduce(1, *))
    for iteration in 0..<3 {
      let (current, weight, x, g) = layer.draw(seed: 7 + UInt64(iteration))
      let found = layer.gradient(view, current, weight)
      let slope = slow.slopes(layer.slow.slopes(x) { $0 }, share: 0.8)
      layer.expectEqual(found, layer.slow.backward(x, g, slope: slope, throughTime: true))
    }
    #expect(memory.restarts == 0)
  }
}
