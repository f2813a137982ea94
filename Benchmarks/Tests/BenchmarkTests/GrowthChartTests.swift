import Foundation
import FoundationXML
import Testing

@testable import spikeguard_bench

@Suite struct GrowthChartTests {
  private let record: GrowthRecord = {
    func measured(_ seconds: Double) -> GrowthOutcome {
      .measured(samples: Samples(seconds: [seconds]), peakBytes: 3 << 20, idleBytes: 1 << 20)
    }
    var record = GrowthRecord(
      base: "base", agreement: try! Agreement("same", error: 0, tolerance: 1), memoryLimit: 1)
    var sweep = GrowthSweep(quantity: .batch, run: .step)
    sweep.points = [
      GrowthPoint(value: 1, ours: measured(0.01), peer: measured(0.1), lossDifference: 0),
      GrowthPoint(value: 100, ours: measured(1), peer: .doesNotFit, lossDifference: nil),
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
    #expect(text.components(separatedBy: "does not fit").count - 1 == 2)
    #expect(text.contains("(last 1.0"))
  }

  @Test func `the chart is well-formed`() {
    let parser = XMLParser(data: Data(GrowthChart(record).svg.utf8))
    #expect(parser.parse())
  }
}
