import Optimization
import TestSupport
import Testing
import Torch

/// The leading singular term's shares against LAPACK's whole decomposition in float64.
@Suite struct LeadingTermTests {
  @Test(
    arguments: [[2, 2], [3, 7], [7, 3], [40, 5], [5, 4, 3, 3], [16, 1, 3, 3], [64, 64]] as [[Int]],
    [DType.float32, .float64])
  func `shares are those of the full decomposition`(shape: [Int], dtype: DType) throws {
    for (seed, scale) in [(UInt64(1), 1.0), (2, 1e-12), (3, 1e12)] {
      let gradient = (randomTensor(shape, seed: seed) * scale).converted(to: dtype)
      let found = try #require(LeadingTerm(of: gradient, named: "w"))
      let values = try gradient.flattened(from: 1).converted(to: .float64).singularValues()
        .scalars(of: Double.self)
      let energy = values.reduce(0) { $0 + $1 * $1 }
      expectClose(found.sigma1, values[0], relative: 1e-10)
      expectClose(found.sigma2, values[1], relative: 1e-8)
      expectClose(found.energyShare, values[0] * values[0] / energy, relative: 1e-10)
      expectClose(found.nuclearShare, values[0] / values.reduce(0, +), relative: 1e-4)
      #expect(found.layer == "w")
    }
  }

  /// The worst case: all but one singular value just below what squares can hold.
  @Test(arguments: [4, 64]) func `the nuclear share is off by no more than what squares lose`(
    _ n: Int
  ) throws {
    let floor = Double(n).squareRoot() * 0x1p-26
    for factor in [0.5, 0.9, 1.5, 4] {
      let rest = floor * factor
      let left = Tensor.normal([n, n], dtype: .float64, using: Generator(seed: 1)).qr().q
      let right = Tensor.normal([n, n], dtype: .float64, using: Generator(seed: 2)).qr().q
      let values = Tensor([1] + [Double](repeating: rest, count: n - 1))
      let gradient = (left * values).matmul(right.transposed())
      let found = try #require(LeadingTerm(of: gradient, named: "w"))
      let truth = 1 / (1 + Double(n - 1) * rest)
      let bound = Double(n) * floor
      #expect(abs(found.nuclearShare / truth - 1) <= bound, "\(n), \(factor)")
    }
  }

  @Test func `the order in memory does not matter`() throws {
    let gradient = randomTensor([6, 3, 4, 4], seed: 4)
    let other = gradient.contiguous(.channelsLast)
    #expect(LeadingTerm(of: gradient, named: "w") == LeadingTerm(of: other, named: "w"))
  }

  @Test func `a rank-one gradient is its leading term`() throws {
    let gradient = randomTensor([9], seed: 5).outer(randomTensor([14], seed: 6))
    let found = try #require(LeadingTerm(of: gradient, named: "w"))
    expectClose(found.energyShare, 1, relative: 1e-6)
    // In float32 the rest is rounding, of 10⁻⁷ or so in each of nine places.
    #expect(found.nuclearShare > 0.9999 && found.sigma2 < 1e-6 * found.sigma1)
  }

  @Test func `what is no matrix, and what has no term, is none`() {
    let nan = Tensor([1, .nan, 0, 2] as [Double], shape: [2, 2])
    for gradient in [
      Tensor.ones([5]), .ones([1, 5]), .ones([5, 1]), .ones([4, 1, 1, 1]), .zeros([3, 4]), nan,
      .zeros([0, 3]),
    ] {
      #expect(LeadingTerm(of: gradient, named: "w") == nil, "\(gradient.shape)")
    }
  }
}
