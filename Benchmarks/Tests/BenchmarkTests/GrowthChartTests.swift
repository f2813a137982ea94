import Foundation
import FoundationXML
import Testing

@testable import spikeguard_bench

@Suite struct GrowthChartTests {
  private static func measured(_ seconds: Double, mebibytes: Int = 2) -> GrowthOutcome {
    .measured(
      samples: Samples(seconds: [seconds]), peakBytes: (1 + mebibytes) << 20, idleBytes: 1 << 20)
  }

  private let record: GrowthRecord = {
    var record = GrowthRecord(base: "base", memoryLimit: 1)
    var sweep = GrowthSweep(quantity: .batch, run: .step)
    func peer(_ name: String, ours: GrowthOutcome, _ outcome: GrowthOutcome) -> GrowthPeer {
      GrowthPeer(name: name, variant: "", ours: ours, outcome: outcome)
    }
    sweep.points = [
      GrowthPoint(
        value: 1, setting: "one",
        peers: [
          peer("Lean", ours: measured(0.02), measured(0.2, mebibytes: 4)),
          peer("Quick", ours: measured(0.01), measured(0.1, mebibytes: 8)),
          peer("Wrong", ours: measured(0.03), .failed("gradients differ")),
        ]),
      GrowthPoint(
        value: 100, setting: "hundred", peers: [peer("Lean", ours: measured(1), .doesNotFit)]),
    ]
    record.sweeps = [sweep]
    return record
  }()

  @Test func `a line goes through the logarithms of its points`() {
    // 10 ms to 1000 ms over two decades: from the lower left corner to the upper right one.
    #expect(GrowthChart(record).svg.contains("<path d=\"M0.0 170.0L215.0 0.0\""))
  }

  @Test func `what does not fit is a cross in the chart and words in the table`() {
    let crosses = GrowthChart(record).svg.components(separatedBy: "m-4 -4l8 8m0 -8l-8 8").count - 1
    // In the panels of time and of memory.
    #expect(crosses == 2)
    let text = record.sweeps[0].text
    // For time and memory in the table, and in the line below it that names the peer.
    #expect(text.components(separatedBy: "does not fit").count - 1 == 3)
    #expect(text.contains("at 100, Lean: does not fit"))
    #expect(text.contains("(last 1.0"))
  }

  @Test func `the best peer is the fastest for time and the leanest for memory`() {
    let row = record.sweeps[0].text.split(separator: "\n")[2].split(separator: " ").map(String.init)
    #expect(row == ["1.00", "10.0", "100", "Quick", "10.0", "2.00", "4.00", "Lean", "0.500"])
  }

  @Test func `what failed counts once for all sweeps, what does not fit does not`() {
    #expect(record.failures == ["one, Wrong: gradients differ"])
    var other = record
    other.sweeps.append(other.sweeps[0])
    other.excluded = ["step, Norse: missing"]
    #expect(other.failures.count == 2)
    #expect(other.notes.contains("not measured: step, Norse: missing"))
  }

  @Test func `where ours fails the peer's numbers stay, and the failure is named`() {
    var other = record
    other.sweeps[0].points = [
      GrowthPoint(
        value: 1, setting: "one",
        peers: [
          GrowthPeer(name: "Lean", variant: "", ours: .doesNotFit, outcome: Self.measured(0.2))
        ]),
      GrowthPoint(value: 2, setting: "two", alone: .failed("no spikes")),
    ]
    let text = other.sweeps[0].text
    #expect(text.contains("200") && text.contains("at 1.00, Spikeguard beside Lean: does not fit"))
    #expect(other.failures == ["two, Spikeguard: no spikes"])
  }

  @Test func `of each kind of agreement the notes give the worst, and say so where there is none`()
    throws
  {
    #expect(record.notes.contains("nothing was compared"))
    var other = record
    let errors = [1e-12, 3e-10, 0]
    other.sweeps[0].points = try errors.map {
      GrowthPoint(
        value: 1, setting: "\($0)",
        peers: [
          GrowthPeer(
            name: "Lean", variant: "", ours: Self.measured(1), outcome: Self.measured(1),
            agreements: [try Agreement("gradients", error: $0, tolerance: 1e-9)])
        ])
    }
    // A base that several sweeps have in common.
    other.sweeps.append(other.sweeps[0])
    let line = "the worst of 3 comparisons: gradients: differ by at most 3.0e-10"
    #expect(other.notes.contains(line))
    #expect(!other.notes.contains("nothing was compared"))
  }

  @Test func `the chart is well-formed`() {
    let parser = XMLParser(data: Data(GrowthChart(record).svg.utf8))
    #expect(parser.parse())
  }
}
