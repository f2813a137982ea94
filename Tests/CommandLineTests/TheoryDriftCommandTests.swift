import Experiments
import Foundation
import Spiking
import TestSupport
import Testing

/// `theory drift` on a network that was trained in the test.
@Suite struct TheoryDriftCommandTests {
  static let line =
    "theory drift run \(Workplace.data) \(Workplace.testData) --recompute-batches 2 --images 16"

  @Test func `terminal, file and page say the same, and the run is as it was`() throws {
    try Workplace.with(trained: true) { place in
      let before = try place.files().filter { $0.key.hasPrefix("run/") }
      let output = try place.succeed(
        Self.line + " --kinds clean,inverted --json d.json --out page")
      #expect(try place.files().filter { $0.key.hasPrefix("run/") } == before)
      let results = try place.json("d.json", as: DriftResults.self)
      #expect(results.kinds.map(\.kind) == [.clean, .inverted])
      #expect(results.before.score.total == 16 && results.learningRate == 0.1)
      #expect(try place.contents("page/drift.json") == place.contents("d.json"))
      let page = String(decoding: try place.contents("page/drift.html"), as: UTF8.self)
      #expect(page.contains("clean (as trained)") && output.contains("clean (as trained)"))
      #expect(output.contains("1 batch of 8: WeightDecay(0.0005) → Momentum(0.9) → LearningRate"))
      #expect(output.contains("momentum from zero; 10.0 % of the running statistics replaced."))
      let both = results.kinds[1].both.score
      #expect(output.contains(String(format: "%.1f (%.1f–", both.accuracy * 100, both.low * 100)))
    }
  }

  @Test func `λ_max is measured where it is asked for`() throws {
    try Workplace.with(trained: true) { place in
      let output = try place.succeed(
        Self.line + " --kinds adversarial --curvature-images 8 --momentum checkpoint "
          + "--batch-statistics eachStep --json d.json")
      let results = try place.json("d.json", as: DriftResults.self)
      #expect(results.before.curvature?.images == 8 && results.kinds[0].both.curvature != nil)
      #expect(results.batchStatistics == .eachStep && output.contains("λ_max"))
      // Three steps.
      expectClose(results.statisticsReplaced, 0.271, relative: 1e-9)
    }
  }

  @Test func `an interrupted command writes the kinds that are done`() throws {
    try Workplace.with(trained: true) { place in
      let outcome = try place.run(
        Self.line.replacing("--images 16", with: "")
          + "--curvature-images 8 --json d.json --out page",
        interruption: .init(SIGTERM) { place.has("page") })
      #expect(outcome.exitCode == 143)
      guard place.has("d.json") else {
        #expect(outcome.standardError.contains("stopped by a signal before the first kind"))
        #expect(!place.has("page/drift.html"))
        return
      }
      let results = try place.json("d.json", as: DriftResults.self)
      #expect((1..<6).contains(results.kinds.count))
      #expect(outcome.standardError.contains("note: \(results.notes[0])"))
    }
  }

  @Test(arguments: mistakes)
  func `bad settings end with one sentence`(_ row: BadInput) throws { try row.check() }

  static let mistakes: [BadInput] = [
    BadInput(
      "theory drift run DATA",
      "tensors:data.safetensors: expected test images, found none: a tensors file has no test images "
        + "of its own; name them with --test-data"),
    BadInput(
      line + " --learning-rate 0", "--learning-rate: expected above 0, at most 1000, found 0.0"),
    BadInput(line + " --foreign-batches 0", "--foreign-batches: expected 1 to 10000, found 0"),
    BadInput(line + " --json run", "run: expected a file, found a folder; name a file"),
    BadInput(
      line.replacing("drift run", with: "drift nowhere"),
      "nowhere: file: expected a file that can be read, found No such file or directory; check the "
        + "path and its permissions"),
  ]
}
