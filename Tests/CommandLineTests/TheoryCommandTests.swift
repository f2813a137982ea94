import Experiments
import Foundation
import TestSupport
import Testing
import Torch
import Training

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

  @Test func `a point that fails is written with its reason, and the exit code says so`() throws {
    try Workplace.with(trained: true) { place in
      // Spikes stop weights of 1e30 from multiplying; without them two layers overflow.
      let file = place.path("run/checkpoints/last.safetensors")
      var checkpoint = try Checkpoint<RunManifest>(contentsOf: file)
      checkpoint.weights = NamedTensors(
        checkpoint.weights.map {
          ($0.name, $0.name.hasSuffix(".0.weight") ? $0.tensor * 1e30 : $0.tensor)
        })
      try checkpoint.write(to: file)
      let outcome = try place.run(
        "theory steps run \(Workplace.data) --steps 3 --images 4 --loss mean-logits "
          + "--activation relu,spiking --temporal-gradient withinStep --json a.json --out steps")
      #expect(outcome.exitCode == 1)
      let results = try place.json("a.json", as: StepsResults.self)
      #expect(results.points.count == 1 && results.failures.count == 1)
      #expect(try place.contents("a.json") == place.contents("steps/steps.json"))
      #expect(outcome.standardOutput.contains("  · To know: \(results.notes[0])."))
      #expect(
        results.notes[0].contains("ReLU twin, direct coding, T = 1, mean-logits: loss: expected"))
      #expect(
        outcome.standardError.hasSuffix("  1 of 2 points failed; their reasons are in the notes\n"))
    }
  }

  /// One batch takes a moment: the signal comes when the folder is there, before or after the first.
  @Test func `an interrupted alignment writes the batches that it has`() throws {
    try Workplace.with(trained: true) { place in
      let outcome = try place.run(
        "theory alignment run \(Workplace.data) --images 40 --batch-size 1 --json a.json --out alignment",
        interruption: .init(SIGINT) { place.has("alignment") })
      #expect(outcome.exitCode == 130)
      guard place.has("a.json") else {
        #expect(outcome.standardError.contains("stopped by a signal before the first batch"))
        return
      }
      let results = try place.json("a.json", as: AlignmentResults.self)
      #expect((1..<40).contains(results.imagesMeasured))
      #expect(
        results.sentences[0].hasPrefix("stopped after \(results.imagesMeasured) of 40 images"))
      #expect(outcome.standardOutput.contains("  · \(results.sentences[0])."))
      #expect(place.has("alignment/alignment.html"))
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
