import Curvature
import TestSupport
import Testing
import Torch

/// Each runs in a process of its own, so that nothing else is measured.
@Suite(.serialized) struct CurvatureMemoryTests {
  /// A loss whose graph holds more than four tensors of 1 MiB a batch.
  private static func loss(batches: Int) -> LossFunction {
    let scale = Tensor([Float(0.9)]).requiringGradient()
    let x = randomTensor([1 << 18], seed: 1)
    return LossFunction(
      of: ["scale": scale],
      over: (0..<batches).map { _ in
        .init(
          outputs: { x * scale * scale },
          loss: { ($0 * $0 * $0).mean() })
      })
  }

  private static func peak(batches: Int, _ product: CurvatureProduct) throws -> Int {
    let curvature = try LossCurvature(of: loss(batches: batches), product: product)
    resetPeakMemory()
    _ = try curvature(Tensor([Float(1)]))
    return peakResidentMemory()
  }

  @Test(arguments: CurvatureProduct.allCases)
  func `the peak does not grow with the number of batches`(_ product: CurvatureProduct) async {
    await #expect(processExitsWith: .success) { [product] in
      // Twice, so that the allocator has its fragments before it is measured.
      for _ in 0..<2 { _ = try CurvatureMemoryTests.peak(batches: 2, product) }
      let (few, many) = (
        try CurvatureMemoryTests.peak(batches: 2, product),
        try CurvatureMemoryTests.peak(batches: 42, product)
      )
      // Forty graphs more would be 160 MiB.
      #expect(many < few + (40 << 20), "2 batches: \(few) bytes, 42 batches: \(many)")
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
