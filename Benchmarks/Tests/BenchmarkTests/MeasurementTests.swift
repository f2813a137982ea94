import Testing

@testable import spikeguard_bench

/// How times are taken and results are called equal.
@Suite struct MeasurementTests {
  @Test func `contestants take turns after one round that does not count`() throws {
    var order = ""
    var now = 0.0
    func contestant(_ name: String) -> Contestant {
      Contestant(name) {
        order += name
        now += 1
        return now
      }
    }
    let samples = try alternate([contestant("A"), contestant("B")], rounds: 2)
    #expect(order == "ABABAB")
    #expect(samples.map(\.seconds) == [[3, 5], [4, 6]])
  }

  @Test func `a warm-up of its own replaces that round`() throws {
    var order = ""
    let contestant = Contestant("A", warmUp: { order += "w" }) {
      order += "m"
      return 1
    }
    _ = try alternate([contestant], rounds: 2)
    #expect(order == "wmm")
  }

  @Test(arguments: zip([[3.0, 1, 2], [4, 1, 2, 3], [5]], [2.0, 2.5, 5]))
  func `the median is the middle, or the mean of the two`(_ seconds: [Double], _ median: Double) {
    #expect(Samples(seconds: seconds).median == median)
  }

  @Test func `results agree up to the tolerance, and what is no number does not`() throws {
    _ = try Agreement("logits", error: 1e-9, tolerance: 1e-9)
    #expect(throws: Disagreement.self) { try Agreement("logits", error: 2e-9, tolerance: 1e-9) }
    #expect(throws: Disagreement.self) { try Agreement("logits", error: .nan, tolerance: 1) }
  }

  @Test func `who is not in the table is named below it`() {
    var comparison = Comparison(
      title: "Step", unit: .milliseconds, agreements: [],
      sides: [Comparison.Side(name: "Spikeguard", samples: Samples(seconds: [1]))], loadBefore: 0,
      loadAfter: 0)
    comparison.excluded = [.init(name: "Other 1.0", reason: "logits differ")]
    #expect(comparison.table.contains("\n  Other 1.0: not comparable: logits differ\n"))
  }

  @Test func `a peer of another version says which was expected, which was found, and what helps`()
  {
    let text = "\(WrongPeer(peer: .spikingJelly2, found: "0.0.0.0.14"))"
    #expect(text.contains("expected spikingjelly 2.0.0, found 0.0.0.0.14"))
    #expect(text.contains("scripts/peers/setup"))
  }
}
