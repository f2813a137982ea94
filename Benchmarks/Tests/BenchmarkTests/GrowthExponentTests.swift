import Foundation
import Testing

@testable import spikeguard_bench

@Suite struct GrowthExponentTests {
  @Test(arguments: [-1.0, 0, 0.5, 2])
  func `a power law gives back its exponent`(power: Double) throws {
    let points = [1.0, 3, 4, 32].map { (x: $0, y: 7 * pow($0, power)) }
    let exponent = GrowthExponent(points)
    #expect(abs(try #require(exponent.overall) - power) < 1e-12)
    #expect(abs(try #require(exponent.last) - power) < 1e-12)
  }

  @Test func `a fixed cost flattens the whole, less its end`() throws {
    let exponent = GrowthExponent([1.0, 4, 16, 64].map { (x: $0, y: 20 + $0) })
    let (overall, last) = (try #require(exponent.overall), try #require(exponent.last))
    #expect(abs(last - log(84.0 / 36) / log(4)) < 1e-12)
    #expect(0 < overall && overall < last && last < 1)
  }

  @Test func `one point has no exponent, and points without a positive number do not count`() {
    #expect(GrowthExponent([(x: 2, y: 3)]).text == "–")
    #expect(GrowthExponent([(x: 1, y: 0), (x: 2, y: 3)]).overall == nil)
  }
}
