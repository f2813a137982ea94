import Attacks
import Testing
import Torch

@Suite struct MeanShareTests {
  /// Shares of 0 and 1 are successes and failures.
  @Test(arguments: [(0, 7), (3, 7), (7, 7), (1, 1), (40, 100)])
  func `shares of 0 and 1 have Wilson's interval`(ones: Int, count: Int) {
    let share = MeanShare(of: (0..<count).map { $0 < ones ? 1 : 0 })
    let oracle = BinomialInterval.wilson(successes: ones, trials: count)
    #expect(share.images == count && abs(share.mean - Double(ones) / Double(count)) < 1e-15)
    #expect(abs(share.lower - oracle.lower) < 1e-14 && abs(share.upper - oracle.upper) < 1e-14)
  }

  /// The oracle is a simulation: shares with a known mean, drawn again and again.
  @Test func `the interval holds the true mean in 95 of 100 draws or more`() {
    let generator = Generator(seed: 3)
    let held = (0..<400).count { _ in
      // u² of a uniform u: mean 1/3.
      let shares = Tensor.uniform([30], dtype: .float64, using: generator).squared()
      let share = MeanShare(of: shares.scalars(of: Double.self))
      return share.lower <= 1.0 / 3 && 1.0 / 3 <= share.upper
    }
    #expect(held >= 380)
  }

  @Test func `of nothing everything is possible`() {
    let none = MeanShare(of: [])
    #expect(none.mean == 0 && none.lower == 0 && none.upper == 1 && none.images == 0)
  }
}
