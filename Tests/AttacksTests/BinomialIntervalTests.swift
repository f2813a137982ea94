import Attacks
import Testing

@Suite struct BinomialIntervalTests {
  /// Newcombe, *Statistics in Medicine* 17 (1998), table I, method 3, to the four digits printed there.
  /// Catches: the Wald interval, continuity correction, z = 1.96 in the wrong place, n − 1.
  @Test(arguments: [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
  ])
  func `equals the published values`(row: (Int, Int, Double, Double)) {
    let interval = BinomialInterval.wilson(successes: row.0, trials: row.1)
    #expect(abs(interval.lower - row.2) < 5e-5)
    #expect(abs(interval.upper - row.3) < 5e-5)
  }

  /// The bounds solve (p̂ − p)² = z² p(1 − p)/n; found here by bisection, not by the formula.
  @Test(arguments: [(0, 10), (10, 10), (85, 100), (1, 1), (4371, 10_000), (9999, 10_000)])
  func `bounds solve the score equation`(row: (Int, Int)) {
    let (n, share) = (Double(row.1), Double(row.0) / Double(row.1))
    func excess(_ p: Double) -> Double {
      (share - p) * (share - p) - 1.959963984540054 * 1.959963984540054 * p * (1 - p) / n
    }
    func root(from outside: Double) -> Double {
      var (out, inside) = (outside, share == 0 ? 1e-9 : share == 1 ? 1 - 1e-9 : share)
      for _ in 0..<200 {
        let middle = (out + inside) / 2
        if excess(middle) > 0 { out = middle } else { inside = middle }
      }
      return inside
    }
    let interval = BinomialInterval.wilson(successes: row.0, trials: row.1)
    #expect(abs(interval.lower - (row.0 == 0 ? 0 : root(from: 0))) < 1e-9)
    #expect(abs(interval.upper - (row.0 == row.1 ? 1 : root(from: 1))) < 1e-9)
  }

  @Test func `nothing tried says nothing`() {
    let interval = BinomialInterval.wilson(successes: 0, trials: 0)
    #expect(interval.proportion == nil && interval.lower == 0 && interval.upper == 1)
  }

  @Test func `contains the proportion and is symmetric`() {
    for n in 1...30 {
      for k in 0...n {
        let interval = BinomialInterval.wilson(successes: k, trials: n)
        let mirrored = BinomialInterval.wilson(successes: n - k, trials: n)
        #expect(interval.lower <= interval.proportion! && interval.proportion! <= interval.upper)
        #expect(interval.lower >= 0 && interval.upper <= 1)
        #expect(abs(interval.lower + mirrored.upper - 1) < 1e-12)
      }
    }
  }

  @Test func `impossible counts trap`() async {
    await #expect(processExitsWith: .failure) {
      _ = BinomialInterval.wilson(successes: 11, trials: 10)
    }
  }
}
