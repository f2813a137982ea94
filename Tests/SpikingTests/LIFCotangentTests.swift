import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// The derivative of the double backward pass along its vector u: (K u, B u) ↦ ū = Kᵀ p + B q.
@Suite struct LIFCotangentTests {
  struct Case: Sendable {
    let steps: Int
    let shape: [Int]
    let dtype: DType
    let isConstant: Bool

    /// Every combination of time and input, odd sizes, both types.
    static let all: [Case] = [
      Case(steps: 1, shape: [3, 5, 7, 3], dtype: .float64, isConstant: false),
      Case(steps: 1, shape: [67], dtype: .float64, isConstant: true),
      Case(steps: 4, shape: [2, 3, 5, 7], dtype: .float64, isConstant: false),
      Case(steps: 5, shape: [3, 13], dtype: .float64, isConstant: true),
      Case(steps: 7, shape: [1, 129], dtype: .float32, isConstant: false),
      Case(steps: 4, shape: [5, 13], dtype: .float32, isConstant: true),
    ]

    func signal(_ x: Tensor) -> Signal {
      isConstant ? Signal(constant: x, steps: steps) : Signal(stepped: x, steps: steps)
    }
  }

  /// What three differentiations by the engine give.
  struct Derivatives {
    let ku: Tensor
    let bu: Tensor
    let back: Tensor

    init(_ neuron: LIF, _ row: Case, seed: UInt64) throws {
      func random(_ shape: [Int], _ offset: UInt64) -> Tensor {
        randomTensor(shape, seed: seed + offset, dtype: row.dtype)
      }
      let rows = row.isConstant ? row.shape[0] : row.shape[0] * row.steps
      let x = (random([rows] + row.shape.dropFirst(), 0) * 1.5).requiringGradient()
      let spikes = neuron.respond(to: row.signal(x)).spikes
      let g = random(spikes.shape, 1).requiringGradient()
      let u = random(x.shape, 2).requiringGradient()
      let gradient = try vectorJacobianProduct(
        outputs: [spikes], inputs: [x], vectors: [g], createGraph: true)
      let both = try vectorJacobianProduct(
        outputs: gradient, inputs: [g, x], vectors: [u], createGraph: true)
      (ku, bu) = (both[0].detached(), both[1].detached())
      // A part of the answer that does not depend on u carries no graph: B of a rectangle, for one.
      let vectors = [random(spikes.shape, 3), random(x.shape, 4)]
      let rest = [0, 1].filter { both[$0].requiresGradient }
      back = try vectorJacobianProduct(
        outputs: rest.map { both[$0] }, inputs: [u], vectors: rest.map { vectors[$0] })[0]
    }
  }

  @Test(arguments: LIFKernelTests.Options.all)
  func `equals the composition of tensor operations, differentiated three times`(
    _ options: LIFKernelTests.Options
  ) throws {
    for (index, row) in Case.all.enumerated() {
      let seed = UInt64(100 + 10 * index)
      let fused = try Derivatives(options.neuron(.fused), row, seed: seed)
      let composed = try Derivatives(options.neuron(.composed), row, seed: seed)
      let tolerance = row.dtype == .float64 ? 1e-12 : 2e-6
      for (name, a, b) in [
        ("K u", fused.ku, composed.ku), ("B u", fused.bu, composed.bu),
        ("ū", fused.back, composed.back),
      ] {
        expectClose(
          a, b, relative: 0, absolute: tolerance * max(b.magnitude().max().item(), 1),
          "\(name), \(row)")
      }
      #expect(fused.back.norm().item() > 1e-3, "the case must mean something")
    }
  }

  @Test(arguments: LIFKernelTests.Options.all)
  func `B is symmetric, and what multiplies u in the first place is K`(
    _ options: LIFKernelTests.Options
  ) throws {
    let steps = 4
    let neuron = options.neuron(.fused)
    let x = (randomTensor([steps * 3], seed: 4, dtype: .float64) * 1.5).requiringGradient()
    let n = x.count
    let spikes = neuron.respond(to: Signal(stepped: x, steps: steps)).spikes
    let g = randomTensor([n], seed: 5, dtype: .float64).requiringGradient()
    let gradient = try vectorJacobianProduct(
      outputs: [spikes], inputs: [x], vectors: [g], createGraph: true)
    let unit = Tensor.identity(n, dtype: .float64)
    var (k, b, kTransposed): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
    for column in 0..<n {
      let e = unit.selecting(column, along: 0)
      let both = try vectorJacobianProduct(
        outputs: gradient, inputs: [g, x], vectors: [e], retainGraph: true)
      k.append(both[0])
      b.append(both[1])
      kTransposed += try vectorJacobianProduct(
        outputs: [spikes], inputs: [x], vectors: [e], retainGraph: true)
    }
    let curvature = Tensor.stacking(b)
    expectClose(
      curvature, curvature.transposed(), relative: 0,
      absolute: 1e-13 * max(curvature.magnitude().max().item(), 1))
    expectClose(
      Tensor.stacking(k, along: 1), Tensor.stacking(kTransposed), relative: 1e-12, absolute: 1e-14)
    if options.shape != .rectangle { #expect(curvature.norm().item() > 1e-2) }
  }

  /// Channels-last tensors and threads, as in a network.
  @Test func `neither layout nor threads change a bit`() throws {
    let neuron = LIF(surrogate: .arctan(width: 0.7))
    let x = randomTensor([4 * 8, 5, 33, 17], seed: 3) * 1.5
    func back(_ x: Tensor) throws -> Tensor {
      let leaf = x.requiringGradient()
      let u = randomTensor(x.shape, seed: 6).requiringGradient()
      let spikes = neuron.respond(to: Signal(stepped: leaf, steps: 4)).spikes
      let g = randomTensor(spikes.shape, seed: 7).requiringGradient()
      let gradient = try vectorJacobianProduct(
        outputs: [spikes], inputs: [leaf], vectors: [g], createGraph: true)
      let both = try vectorJacobianProduct(
        outputs: gradient, inputs: [g, leaf], vectors: [u], createGraph: true)
      return try vectorJacobianProduct(
        outputs: both, inputs: [u],
        vectors: [randomTensor(spikes.shape, seed: 8), randomTensor(x.shape, seed: 9)])[0]
    }
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = 1
    let plain = try back(x)
    Engine.threads = 3
    #expect(try back(x).isIdentical(to: plain))
    #expect(try back(x.contiguous(.channelsLast)).isIdentical(to: plain))
  }

  /// Differentiated along u, the answer is a function of the cotangents p and q, and so on without end.
  @Test func `is itself differentiable with respect to the vectors`() throws {
    let x = randomTensor([8, 3], seed: 1, dtype: .float64).requiringGradient()
    func random(_ seed: UInt64) -> Tensor { randomTensor([8, 3], seed: seed, dtype: .float64) }
    func walk(_ implementation: LIF.Implementation) throws -> [Tensor] {
      let neuron = LIF(surrogate: .sigmoid(width: 0.8), implementation: implementation)
      let spikes = neuron.respond(to: Signal(stepped: x, steps: 4)).spikes
      let (g, u, p, q) = (
        random(2).requiringGradient(), random(3).requiringGradient(),
        random(4).requiringGradient(), random(5).requiringGradient()
      )
      let gradient = try vectorJacobianProduct(
        outputs: [spikes], inputs: [x], vectors: [g], createGraph: true)
      let both = try vectorJacobianProduct(
        outputs: gradient, inputs: [g, x], vectors: [u], createGraph: true)
      let back = try vectorJacobianProduct(
        outputs: both, inputs: [u], vectors: [p, q], createGraph: true)
      return try vectorJacobianProduct(outputs: back, inputs: [p, q], vectors: [random(6)])
    }
    let (fused, composed) = (try walk(.fused), try walk(.composed))
    for (a, b) in zip(fused, composed) { expectClose(a, b, relative: 1e-10, absolute: 1e-12) }
  }

  /// Of B u with respect to x or to the spikes' gradient: a third derivative of the spike.
  @Test(arguments: ["x", "g"]) func `a third derivative is refused, not made up`(
    _ what: String
  ) throws {
    let x = randomTensor([4, 3], seed: 1).requiringGradient()
    let g = randomTensor([4, 3], seed: 2).requiringGradient()
    let spikes = LIF().respond(to: Signal(stepped: x, steps: 4)).spikes
    let first = try vectorJacobianProduct(
      outputs: [spikes], inputs: [x], vectors: [g], createGraph: true)
    let second = try vectorJacobianProduct(
      outputs: first, inputs: [x], vectors: [randomTensor([4, 3], seed: 3)], createGraph: true)
    let error = #expect(throws: TorchError.self) {
      _ = try vectorJacobianProduct(
        outputs: [second[0].sum()], inputs: [what == "x" ? x : g], vectors: nil)
    }
    #expect(error?.message.contains("spikeguard::lif has no third derivative") == true)
  }
}
