import Curvature
import TestSupport
import Testing
import Torch

/// Each runs in a process of its own, so that nothing else is measured.
@Suite(.serialized) struct CurvatureMemoryTests {
  /// A loss whose graph holds some 40 MB or more a batch: chains of tanh over a million numbers.
  private static func loss(batches: Int) -> LossFunction {
    let scale = Tensor([0.9]).requiringGradient()
    let x = randomTensor([1 << 20], seed: 1, dtype: .float64)
    return LossFunction(
      of: ["scale": scale],
      over: (0..<batches).map { _ in
        .init(
          outputs: { (x * scale).hyperbolicTangent().hyperbolicTangent() },
          loss: { $0.squared().mean() })
      })
  }

  private static func peak(batches: Int, _ product: CurvatureProduct) throws -> Int {
    let curvature = try LossCurvature(of: loss(batches: batches), product: product)
    resetPeakMemory()
    _ = try curvature(Tensor([1.0]))
    return peakResidentMemory()
  }

  @Test(arguments: CurvatureProduct.allCases)
  func `the peak does not grow with the number of batches`(_ product: CurvatureProduct) async {
    await #expect(processExitsWith: .success) { [product] in
      let before = residentMemory()
      _ = try CurvatureMemoryTests.peak(batches: 2, product)
      let (few, many) = (
        try CurvatureMemoryTests.peak(batches: 2, product),
        try CurvatureMemoryTests.peak(batches: 10, product)
      )
      // The graph of a batch holds more than four tensors of 8 MiB; nine more of them would show.
      #expect(few - before > 4 << 23, "the loss must be large enough to be seen: \(few - before)")
      #expect(many < few + (4 << 23), "2 batches: \(few) bytes, 10 batches: \(many)")
    }
  }

  @Test func `products with a kept graph leave nothing behind`() async {
    await #expect(processExitsWith: .success) {
      let x = randomTensor([4], seed: 1, dtype: .float64).requiringGradient()
      let loss = LossFunction(
        of: ["x": x], over: [.init(outputs: { x.sigmoid() }, loss: { $0.power(3).sum() })])
      let curvature = try LossCurvature(of: loss)
      let v = randomTensor([4], seed: 2, dtype: .float64)
      let grown = try residentGrowth(rounds: 4_000) {
        for product in CurvatureProduct.allCases { _ = try curvature.times(v, product) }
      }
      #expect(grown < 1 << 20, "grew by \(grown) bytes")
    }
  }

  @Test func `graphs, secants and probes are released`() async {
    await #expect(processExitsWith: .success) {
      let x = randomTensor([4], seed: 1, dtype: .float64).requiringGradient()
      let loss = LossFunction(
        of: ["x": x], over: [.init(outputs: { x.sigmoid() }, loss: { $0.power(3).sum() })])
      let v = randomTensor([4], seed: 2, dtype: .float64)
      let grown = try residentGrowth(rounds: 2_000) {
        for product in CurvatureProduct.allCases {
          _ = try LossCurvature(of: loss, product: product)(v)
        }
        _ = try SecantProduct(of: loss, step: 0.1)(v)
        try DeterminismProbe()(loss)
      }
      #expect(grown < 1 << 20, "grew by \(grown) bytes")
    }
  }
}
