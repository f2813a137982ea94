import Foundation
import TestSupport
import Testing
import Torch

@testable import Experiments

/// Fits of growth with T.
@Suite struct GrowthTests {
  private static let steps = [1, 2, 4, 8, 16, 32]

  private static func growth(_ value: (Double) -> Double) -> Growth {
    Growth(steps.map { (steps: $0, value: value(Double($0))) })
  }

  @Test func `exact laws are found, with their exponents`() throws {
    let linear = Self.growth { 3 * $0 }
    #expect(linear.verdict == .power)
    expectClose(try #require(linear.power).exponent, 1, relative: 1e-9)
    #expect(linear.sentence.contains("Θ(T) is within"))
    let exponential = Self.growth { -0.01 * exp(0.2 * $0) }
    #expect(exponential.verdict == .exponential)
    expectClose(try #require(exponential.exponential).exponent, 0.2, relative: 1e-9)
    expectClose(try #require(exponential.exponential?.r2), 1, relative: 1e-9)
  }

  @Test func `what does not grow, or otherwise, is said so`() {
    #expect(Self.growth { _ in 2 }.verdict == .noTrend)
    #expect(Self.growth { 2 + 0.1 * sin(5 * $0) }.verdict == .noTrend)
    #expect(Self.growth { 1 + 50 / (1 + exp(-2 * ($0 - 6))) }.verdict == .neither)
    #expect(Self.growth { $0 < 5 ? 0 : 1 }.verdict == .tooFewPoints)
    #expect(Growth([]).verdict == .tooFewPoints)
    // Over so short a range both are straight.
    let short = Growth([(10, 10), (11, 11.2), (12, 11.9), (13, 13.1)])
    #expect(short.verdict == .undecided)
  }

  /// A law may fit to the last digit what varies by less than anybody would call growth.
  @Test func `what varies by next to nothing has no law, however well one fits`() throws {
    let flat = Self.growth { pow($0, 0.05) }
    #expect(try #require(flat.power?.r2) > 0.999 && flat.verdict == .flat)
    #expect(flat.sentence.hasPrefix("it hardly changes with T: |λ| varies by a factor of 1.19"))
    #expect(Self.growth { pow($0, 0.11) }.verdict == .power)
    #expect(Self.growth { 2 / $0 }.sentence.hasPrefix("it falls with T, and a power law"))
    #expect(Self.growth { exp(0.3 * $0) }.sentence.hasPrefix("it grows with T, and an exponential"))
  }

  @Test func `a sum over steps adds 1 to the exponent and nothing else`() throws {
    let noisy = zip(Self.steps, [1.0, 1.3, 1.2, 1.9, 2.4, 2.2])
    let each = try #require(GrowthFit(.power, noisy.map { ($0, $1) }))
    let sum = try #require(GrowthFit(.power, noisy.map { ($0, $1 * Double($0)) }))
    expectClose(sum.exponent, each.exponent + 1, relative: 1e-12)
    expectClose(sum.high - sum.low, each.high - each.low, relative: 1e-9)
  }

  /// Catches an interval of the normal distribution, or of n − 1 degrees of freedom: over many draws about 1 in 20
  /// intervals misses the exponent that the points were made with.
  @Test func `95 of 100 intervals hold the exponent`() throws {
    let noise = Tensor.normal([2000, 6], dtype: .float64, using: Generator(seed: 3))
      .scalars(of: Double.self)
    let hits = (0..<2000).count { draw in
      let points = Self.steps.enumerated().map {
        (steps: $1, value: exp(0.5 * log(Double($1)) + 0.3 * noise[draw * 6 + $0]))
      }
      return GrowthFit(.power, points)!.admits(0.5)
    }
    #expect((1860...1940).contains(hits), "\(hits)")
  }

  /// From published tables, to their four digits.
  @Test(arguments: [
    (1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (10, 2.2281), (30, 2.0423),
  ])
  func `quantiles of Student's distribution`(_ degrees: Int, _ expected: Double) {
    let found = StudentDistribution.quantile(0.975, degreesOfFreedom: degrees)
    expectClose(found, expected, absolute: 5e-5)
  }

  @Test func `two points are no fit`() {
    #expect(GrowthFit(.power, [(1, 1), (2, 2)]) == nil)
    #expect(GrowthFit(.power, [(4, 1), (4, 2), (4, 3)]) == nil)
  }
}
