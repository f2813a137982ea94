import Curvature
import Layers
import Spiking
import TestSupport
import Testing
import Torch

@Suite struct DeterminismProbeTests {
  @Test(arguments: CurvatureProduct.allCases)
  func `passes what gives the same numbers twice`(_ product: CurvatureProduct) throws {
    let rows = [
      NetworkCase(), NetworkCase(encoder: PoissonEncoding(steps: 3)),
      NetworkCase(encoder: PoissonEncoding(steps: 2), dtype: .float32),
    ]
    for row in rows {
      let found = try DeterminismProbe(product: product)(try row.loss())
      #expect([found.loss, found.gradient, found.product].allSatisfy { $0 < 1e-6 })
    }
  }

  @Test func `catches a generator that is shared between evaluations`() throws {
    let network = try NetworkCase().network()
    let images = Tensor.uniform([3, 1, 8, 8], dtype: .float64, using: Generator(seed: 2))
    let generator = Generator(seed: 3)
    let loss = LossFunction(
      of: network.parameters,
      over: [
        .init(
          outputs: {
            var pass = ForwardPass(.evaluation, using: generator)
            return network(PoissonEncoding(steps: 3)(images, &pass), &pass)
          }, loss: { $0.mean(along: [0]).crossEntropy(Tensor([0, 1, 2])) })
      ])
    let error = #expect(throws: CurvatureError.self) { try DeterminismProbe()(loss) }
    guard case .notDeterministic(_, let difference) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(difference > 1e-3)
    #expect("\(error!)".contains("fix the seed of what is random"))
  }

  /// The values are the same; the gradient follows what the view has seen.
  @Test func `catches a gradient view that remembers`() throws {
    let view = GradientView(
      rule: .adaptive(AdaptiveSharpness(), SurrogateMemory(drawsPerIteration: 1)))
    let loss = try NetworkCase(view: view).loss()
    let error = #expect(throws: CurvatureError.self) { try DeterminismProbe()(loss) }
    guard case .notDeterministic("gradient", _) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
  }

  /// Loss and gradient are 0 at x = 0, whatever a is; the product is 2a.
  @Test func `catches what only the product shows, by the tolerance that was asked for`() throws {
    let x = Tensor([0.0, 0]).requiringGradient()
    func loss(_ growth: Double) -> LossFunction {
      var factor = 1.0
      return LossFunction(of: ["x": x]) {
        factor *= 1 + growth
        return x.squared().sum() * factor
      }
    }
    #expect(throws: CurvatureError.self) { try DeterminismProbe()(loss(1e-6)) }
    let found = try DeterminismProbe(tolerance: 1e-5)(loss(1e-6))
    expectClose(found.product, 1e-6, relative: 1e-3)
    #expect(found.loss == 0 && found.gradient == 0)
    #expect(throws: CurvatureError.self) { try DeterminismProbe(tolerance: 0)(loss(1e-14)) }
    try DeterminismProbe()(loss(1e-14))
  }
}
