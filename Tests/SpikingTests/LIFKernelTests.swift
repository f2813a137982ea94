import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// The fused kernel against its definition, the composition of tensor operations.
@Suite struct LIFKernelTests {
  struct Options: Sendable, CustomTestStringConvertible {
    let reset: Reset
    let shape: Surrogate.Shape
    let temporal: TemporalGradient
    let detachesReset: Bool
    let decaysInput: Bool
    let isSpiking: Bool

    var testDescription: String {
      "\(reset) \(shape) \(temporal) detach \(detachesReset) decay \(decaysInput) spiking \(isSpiking)"
    }

    func neuron(_ implementation: LIF.Implementation) -> LIF {
      LIF(
        tau: 1.7, threshold: 0.8, reset: reset, decaysInput: decaysInput,
        detachesReset: detachesReset, surrogate: Surrogate(shape, width: 0.9),
        surrogateScale: decaysInput ? 0.3 : 1, temporalGradient: temporal, isSpiking: isSpiking,
        implementation: implementation)
    }

    static let all: [Options] = Reset.allCases.flatMap { reset in
      Surrogate.Shape.allCases.flatMap { shape in
        TemporalGradient.allCases.flatMap { temporal in
          [(true, true), (true, false), (false, true), (false, false)].flatMap { detach, decay in
            [true, false].map {
              Options(
                reset: reset, shape: shape, temporal: temporal, detachesReset: detach,
                decaysInput: decay, isSpiking: $0)
            }
          }
        }
      }
    }
  }

  /// Spikes, gradient and Hessian-vector product of a smooth loss on the spikes.
  struct Derivatives {
    let spikes: Tensor
    let membrane: Tensor
    let gradient: Tensor
    let hessianVectorProduct: Tensor

    init(_ neuron: LIF, _ signal: (Tensor) -> Signal, at x: Tensor, seed: UInt64) throws {
      let leaf = x.requiringGradient()
      let response = neuron.respond(to: signal(leaf), keepingMembrane: true)
      let weight = randomTensor(response.spikes.shape, seed: seed, dtype: x.dtype)
      // Not linear in the spikes, so that second derivatives reach the kernel from both sides.
      let loss = ((response.spikes * weight) + (response.spikes + weight).hyperbolicTangent()).sum()
      let gradient = loss.gradients(of: [leaf], createGraph: true)[0]
      let vector = randomTensor(x.shape, seed: seed + 1, dtype: x.dtype)
      spikes = response.spikes.detached()
      membrane = response.membrane!
      self.gradient = gradient.detached()
      hessianVectorProduct = (gradient * vector).sum().gradients(of: [leaf])[0]
    }
  }

  /// A silent neuron, x = 0, stands at a corner of a surrogate of width 1 or 2, where one-sided derivatives differ.
  @Test(arguments: Surrogate.Shape.allCases, [0.5, 1, 2])
  func `equals the composition at the corners of a surrogate`(
    _ shape: Surrogate.Shape, _ width: Double
  ) throws {
    let x = Tensor([-0.5, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3])
    let found = try [LIF.Implementation.fused, .composed].map {
      let neuron = LIF(surrogate: Surrogate(shape, width: width), implementation: $0)
      return try Derivatives(neuron, { Signal(stepped: $0, steps: 1) }, at: x, seed: 5)
    }
    expectClose(found[0].spikes, found[1].spikes, relative: 0)
    expectClose(found[0].gradient, found[1].gradient, relative: 1e-12, absolute: 1e-12)
    expectClose(
      found[0].hessianVectorProduct, found[1].hessianVectorProduct, relative: 1e-12,
      absolute: 1e-12)
  }

  @Test(arguments: Options.all)
  func `equals the composition of tensor operations, forward and twice backward`(
    _ options: Options
  ) throws {
    let cases: [(steps: Int, shape: [Int], dtype: DType)] = [
      (1, [3, 5, 7, 3], .float64), (4, [2, 3, 5, 7], .float64), (7, [1, 67], .float64),
      (16, [3, 11], .float64), (4, [5, 13], .float32), (1, [129], .float32),
    ]
    for (index, (steps, shape, dtype)) in cases.enumerated() {
      let tolerance = dtype == .float64 ? 1e-12 : 1e-6
      for isConstant in [false, true] {
        let rows = isConstant ? shape[0] : shape[0] * steps
        let x = randomTensor([rows] + shape.dropFirst(), seed: UInt64(index), dtype: dtype) * 1.5
        let signal = { (x: Tensor) in
          isConstant ? Signal(constant: x, steps: steps) : Signal(stepped: x, steps: steps)
        }
        let fused = try Derivatives(options.neuron(.fused), signal, at: x, seed: 91)
        let composed = try Derivatives(options.neuron(.composed), signal, at: x, seed: 91)
        let note = "T = \(steps), \(shape), \(dtype), constant \(isConstant)"
        if options.isSpiking {
          #expect(fused.spikes.isIdentical(to: composed.spikes), "\(note)")
          #expect(fused.membrane.isIdentical(to: composed.membrane), "\(note)")
        } else {
          expectNear(fused.spikes, composed.spikes, tolerance, note + ", spikes")
        }
        expectNear(fused.gradient, composed.gradient, tolerance, note + ", gradient")
        expectNear(
          fused.hessianVectorProduct, composed.hessianVectorProduct, tolerance, note + ", HVP")
      }
    }
  }

  /// Close relative to the largest element: cancellation makes single elements arbitrarily bad.
  private func expectNear(_ a: Tensor, _ b: Tensor, _ tolerance: Double, _ note: String) {
    expectClose(
      a, b, relative: 0, absolute: tolerance * max(b.magnitude().max().item(), 1), note)
  }

  @Test(arguments: Surrogate.Shape.allCases)
  func `channels-last input keeps its layout and gives the same numbers`(
    _ shape: Surrogate.Shape
  ) throws {
    let neuron = LIF(surrogate: Surrogate(shape, width: 0.7))
    let x = randomTensor([8, 5, 3, 7], seed: 5) * 1.5
    let last = x.contiguous(.channelsLast)
    let signal = { (x: Tensor) in Signal(stepped: x, steps: 4) }
    let plain = try Derivatives(neuron, signal, at: x, seed: 7)
    let channelsLast = try Derivatives(neuron, signal, at: last, seed: 7)
    #expect(channelsLast.spikes.strides == last.strides)
    #expect(plain.spikes.strides == x.strides)
    #expect(channelsLast.spikes.isIdentical(to: plain.spikes))
    #expect(channelsLast.gradient.isIdentical(to: plain.gradient))
    #expect(channelsLast.hessianVectorProduct.isIdentical(to: plain.hessianVectorProduct))
  }

  @Test func `thread count does not change a bit`() throws {
    let x = randomTensor([4 * 32, 8, 33, 17], seed: 3) * 1.5
    let signal = { (x: Tensor) in Signal(stepped: x, steps: 4) }
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = 1
    let one = try Derivatives(LIF(), signal, at: x, seed: 7)
    Engine.threads = 3
    let three = try Derivatives(LIF(), signal, at: x, seed: 7)
    #expect(one.spikes.isIdentical(to: three.spikes))
    #expect(one.gradient.isIdentical(to: three.gradient))
    #expect(one.hessianVectorProduct.isIdentical(to: three.hessianVectorProduct))
  }

  @Test func `no neurons, no trouble`() {
    let response = LIF().respond(to: Signal(stepped: Tensor.zeros([0, 3]), steps: 4))
    #expect(response.spikes.shape == [0, 3])
    #expect(response.count.item() == 0)
  }
}
