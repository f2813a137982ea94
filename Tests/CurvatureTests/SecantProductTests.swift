import Curvature
import Spiking
import TestSupport
import Testing
import Torch

@Suite struct SecantProductTests {
  private func bytes(_ loss: LossFunction) -> [[UInt8]] {
    loss.parameters.tensors.map { $0.withBytes { Array($0) } }
  }

  /// L = Σ x³/3: F = x², and the secant of a parabola is exact for any h: 2 x v.
  @Test(arguments: [1e-3, 0.5, 8]) func `is exact for a cubic loss, whatever the step`(_ h: Double)
    throws
  {
    let x = Tensor([0.5, -1.5, 2.0]).requiringGradient()
    let loss = LossFunction(of: ["x": x]) { (x.power(3) / 3).sum() }
    let v = Tensor([3.0, -4, 12])  // of length 13
    let found = try SecantProduct(of: loss, step: h)(v)
    expectClose(found, x.detached() * v * 2, relative: 1e-10)
  }

  /// L = |x|: F jumps at 0, and a step of length h from x sees it if h > |x|.
  @Test func `sees a jump of the gradient within its step and none beyond`() throws {
    let x = Tensor([0.3]).requiringGradient()
    let loss = LossFunction(of: ["x": x]) { x.magnitude().sum() }
    let v = Tensor([-5.0])
    #expect(try SecantProduct(of: loss, step: 0.25)(v).item() == 0)
    // (−1 − 1) / 2h, along a vector of length 5.
    expectClose(try SecantProduct(of: loss, step: 0.5)(v).item(), -10, relative: 1e-14)
    #expect(try SecantProduct(of: loss, step: 0.5)(Tensor([0.0])).item() == 0)
  }

  @Test(arguments: [DType.float64, .float32])
  func `approaches Jv on smooth neurons with the square of the step`(_ dtype: DType) throws {
    let neuron = LIF(surrogate: .sigmoid(width: 0.7), isSpiking: false)
    let loss = try NetworkCase(neuron: neuron, dtype: dtype).loss()
    let curvature = try LossCurvature(of: loss, product: .jacobian)
    let v = randomTensor([curvature.dimension], seed: 1).converted(to: dtype)
    let expected = try curvature(v)
    func error(_ h: Double) throws -> Double {
      (try SecantProduct(of: loss, step: h)(v) - expected).norm().item() / expected.norm().item()
    }
    if dtype == .float32 {
      #expect(try error(1e-2) < 1e-2)
    } else {
      let (coarse, fine) = (try error(2e-2), try error(1e-2))
      #expect(coarse / fine > 3.5 && coarse / fine < 4.5, "\(coarse) and \(fine)")
      #expect(try error(1e-4) < 1e-6)
    }
  }

  /// Three answers to three questions.
  @Test func `on spiking neurons is another number than Jv, short steps or long`() throws {
    let loss = try NetworkCase(neuron: LIF(surrogate: .arctan(width: 1))).loss()
    let curvature = try LossCurvature(of: loss, product: .jacobian)
    func random(_ seed: UInt64) -> Tensor {
      randomTensor([curvature.dimension], seed: seed, dtype: .float64)
    }
    let (u, v) = (random(1), random(2))
    func secant(_ h: Double, _ v: Tensor) throws -> Tensor {
      try SecantProduct(of: loss, step: h)(v)
    }
    func distance(_ a: Tensor, _ b: Tensor) -> Double {
      (a - b).norm().item() / max(a.norm().item(), b.norm().item())
    }
    // Between flips: a linear map, the same for all short steps, and not J.
    let short = try secant(1e-6, v)
    #expect(distance(short, try secant(1e-7, v)) < 1e-5)
    #expect(distance(try secant(1e-6, u + v), try secant(1e-6, u) + short) < 1e-5)
    #expect(distance(short, try curvature(v)) > 0.1)
    // With flips: another one, and no linear map.
    let long = try secant(10, v)
    #expect(distance(long, short) > 0.1)
    #expect(distance(try secant(10, u + v), try secant(10, u) + long) > 0.1)
  }

  /// F = 2x, so 0 would be a wrong answer, not a small one.
  @Test(arguments: [1e-9, 5e-8, 1e-30])
  func `a step that the parameters' type rounds away is an error`(_ h: Double) throws {
    let x = Tensor([1.0, 3.0] as [Float]).requiringGradient()
    let loss = LossFunction(of: ["x": x]) { x.power(2).sum() }
    let v = Tensor([1.0, -1.0] as [Float])
    let error = #expect(throws: CurvatureError.self) { try SecantProduct(of: loss, step: h)(v) }
    guard case .stepLost(step: h, rounding: let rounding) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(rounding > 0.1 && rounding <= 1.5)
    #expect("\(error!)".hasSuffix("; take a longer one, or float64"))
    expectClose(try SecantProduct(of: loss, step: 1e-2)(v), v * 2, relative: 1e-3)
    let wide = Tensor([1.0, 3.0]).requiringGradient()
    let same = LossFunction(of: ["x": wide]) { wide.power(2).sum() }
    guard h > 1e-20 else { return }
    let found = try SecantProduct(of: same, step: h)(v.converted(to: .float64))
    expectClose(found, v.converted(to: .float64) * 2, relative: 1e-5)
  }

  @Test func `leaves the parameters as they were, and graphs that hold them good`() throws {
    let loss = try NetworkCase().loss()
    let before = bytes(loss)
    let kept = try LossCurvature(of: loss)
    let v = randomTensor([kept.dimension], seed: 1, dtype: .float64)
    let expected = try kept(v)
    _ = try SecantProduct(of: loss, step: 0.3)(v)
    #expect(bytes(loss) == before)
    #expect(try kept(v).isIdentical(to: expected))
  }

  @Test func `leaves the parameters as they were where the loss fails on the way`() throws {
    let x = Tensor([0.1, 0.7]).requiringGradient()
    let loss = LossFunction(of: ["x": x]) { x.logarithm().sum() }
    let before = bytes(loss)
    #expect(throws: CurvatureError.notFinite("loss")) {
      try SecantProduct(of: loss, step: 5)(Tensor([1.0, 1]))
    }
    #expect(bytes(loss) == before)
  }

  @Test func `of unequal batches is that of their union`() throws {
    let network = TanhNetwork()
    let parts = LossFunction(
      of: network.parameters, over: [network.batch(0..<5), network.batch(5..<7)])
    let (a, b) = (
      try SecantProduct(of: parts, step: 0.1), try SecantProduct(of: network.loss, step: 0.1)
    )
    let v = randomTensor([a.dimension], seed: 1, dtype: .float64)
    expectClose(try a(v), try b(v), relative: 1e-11, absolute: 1e-13)
  }
}
