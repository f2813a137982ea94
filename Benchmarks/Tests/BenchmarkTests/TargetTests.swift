import Testing

@testable import spikeguard_bench

/// What the summary says follows from the tables.
@Suite struct TargetTests {
  /// Two groups, each with its own measurement of ours, as at batch 128.
  private let groups = [
    comparison([
      side("Spikeguard", [1, 1, 4], peak: 300, idle: 100),
      side("Spikeguard with deflation", [1.1, 1.2, 4.2], peak: 310, idle: 100),
      side("slow", [3, 3, 12], peer: "slow", peak: 1000, idle: 800),
    ]),
    comparison([
      side("Spikeguard", [2, 1, 2], peak: 350, idle: 100),
      side("fast", [4, 4, 5], peer: "fast", peak: 900, idle: 500),
    ]),
  ]

  @Test func `the fastest peer counts, against our time of the same group`() throws {
    let target = try #require(groups.speed("step", atLeast: 1.8, aim: 2.5))
    #expect(target.measured == 2)
    #expect(target.remark == "fast; paired 2.50")
    #expect(target.isMet)
    #expect(target.row[4] == "met")
    #expect(try #require(groups.speed("step", atLeast: 2.1)).isMet == false)
  }

  @Test func `without a peer that was meant to be there no target is met`() throws {
    var some = groups
    some[0].excluded = [.init(name: "lost", reason: "it differs")]
    let target = try #require(some.speed("step", atLeast: 1.8))
    #expect(target.measured == 2 && !target.isMet)
    #expect(target.row.last == "fast; paired 2.50; without lost")
    #expect(some.memory("step", atMost: 100).allSatisfy { !$0.isMet })
  }

  @Test func `a row of ours is nobody to be faster than`() {
    #expect([Comparison]().speed("step", atLeast: 1) == nil)
    let alone = comparison([side("Spikeguard", [1]), side("Spikeguard with deflation", [2])])
    #expect([alone].speed("step", atLeast: 1) == nil)
  }

  @Test func `our largest memory is set against the least of the peers, with and without idle`() {
    let targets = groups.memory("step", atMost: 0.6)
    #expect(targets.map(\.measured) == [350.0 / 900, 250.0 / 200])
    #expect(targets.map(\.isMet) == [true, false])
    #expect(targets.map(\.remark) == ["fast", "slow"])
  }

  @Test func `a surcharge is the median of the rounds' own ratios, less one`() throws {
    let target = try #require(
      groups.surcharge("deflation", of: "Spikeguard with deflation", atMost: 0.11))
    #expect(abs(target.measured - 0.1) < 1e-12)
    #expect(target.isMet)
    #expect(groups.surcharge("deflation", of: "no such row", atMost: 1) == nil)
  }
}

private func side(
  _ name: String, _ seconds: [Double], peer: String? = nil, peak: Int? = nil, idle: Int? = nil
) -> Comparison.Side {
  var side = Comparison.Side(name: name, samples: Samples(seconds: seconds))
  side.peer = peer
  side.peakBytes = peak
  side.idleBytes = idle
  return side
}

private func comparison(_ sides: [Comparison.Side]) -> Comparison {
  Comparison(
    title: "", unit: .milliseconds, agreements: [], sides: sides, loadBefore: 0, loadAfter: 0)
}
