import Experiments
import Foundation
import TestSupport
import Testing

/// `theory steps` and `theory alignment` on small data: terminal, file and page say the same.
@Suite struct TheoryCommandTests {
  @Test func `steps of networks from settings`() throws {
    try Workplace.with { place in
      let line =
        "theory steps \(Workplace.data) --steps 1,2,3,4 --width 0.03125 --head compact --images 4 "
        + "--batch-size 4 --train-batch-size 8 --calibration-batches 5 --temporal-gradient withinStep "
        + "--activation spiking,relu --coding direct --loss each-step"
      let output = try place.succeed(line + " --json a.json --out steps")
      let results = try place.json("a.json", as: StepsResults.self)
      #expect(try place.contents("a.json") == place.contents("steps/steps.json"))
      #expect(results.points.map(\.steps) == [1, 2, 3, 4, 1])
      #expect(results.fits.count == 4 && results.weights == nil)
      #expect(results.training?.calibrationBatches == 5)
      let page = String(decoding: try place.contents("steps/steps.html"), as: UTF8.self)
      for sentence in results.conclusions {
        #expect(output.contains("  · \(sentence).\n") && page.contains("<li>\(sentence).</li>"))
      }
      for note in results.notes { #expect(output.contains("  · To know: \(note).")) }
      #expect(page.contains("steps-each-step-gauss-newton"))
      #expect(page.contains("The charts need JavaScript; the tables do not."))
    }
  }

  /// Hours of work are not lost with one signal, and nobody takes a part for the whole.
  @Test func `an interrupted command writes what it has, and ends as shells expect`() throws {
    try Workplace.with { place in
      let outcome = try place.run(
        "theory steps \(Workplace.data) --width 0.03125 --head compact --images 4 --json a.json "
          + "--out steps",
        // The folder is made when nothing is measured yet.
        interruption: .init(SIGINT) { place.has("steps") })
      #expect(outcome.exitCode == 130)
      guard place.has("a.json") else {
        #expect(outcome.standardError.contains("stopped by a signal before the first point"))
        return
      }
      let results = try place.json("a.json", as: StepsResults.self)
      #expect(!results.points.isEmpty && results.points.count < 62)
      let note = "stopped after \(results.points.count) of 62 points: the rest is missing"
      #expect(results.notes[0] == note && outcome.standardOutput.contains(note))
    }
  }

  @Test func `steps of a checkpoint that is also trained no further`() throws {
    try Workplace.with(trained: true) { place in
      let line = "theory steps run \(Workplace.data) --steps 3 --images 4 --loss mean-logits"
      let output = try place.succeed(line + " --json a.json")
      let results = try place.json("a.json", as: StepsResults.self)
      #expect(results.points.count == 2 && results.fits.isEmpty && results.training == nil)
      #expect(results.points[0].value == results.points[1].value)
      #expect(!results.notes.contains { $0.hasPrefix("the weights were trained") })
      // The seed says it all.
      #expect(try place.succeed(line) == output)
    }
  }

  @Test func `alignment of a checkpoint`() throws {
    try Workplace.with(trained: true) { place in
      let line = "theory alignment run \(Workplace.data) --images 10 --batch-size 4"
      let output = try place.succeed(line + " --json a.json --out alignment")
      let results = try place.json("a.json", as: AlignmentResults.self)
      #expect(try place.contents("a.json") == place.contents("alignment/alignment.json"))
      #expect(results.layers.count == 4)
      let page = String(decoding: try place.contents("alignment/alignment.html"), as: UTF8.self)
      for layer in results.layers {
        #expect(layer.alignment.steps == 3)
        #expect(output.contains("  \(layer.name) ") && page.contains(">\(layer.name)<"))
      }
      for sentence in results.sentences {
        #expect(
          output.contains("  · \(sentence).\n")
            && page.contains("<li>\(sentence.replacing("'", with: "&#39;")).</li>"))
      }
      #expect(results.images.examples > 0)
      #expect(try place.succeed(line) == output)
    }
  }
}
