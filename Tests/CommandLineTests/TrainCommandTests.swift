import Datasets
import Experiments
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// `train`: what it leaves, what it shows, and what it does not touch.
@Suite struct TrainCommandTests {
  @Test func `a run leaves its options, its checkpoints, its log and its numbers`() throws {
    try Workplace.with { place in
      let output = try place.succeed(Workplace.training + " --out run --json copy.json")
      let path = place.path("run/checkpoints/last.safetensors")
      let manifest = try Checkpoint<RunManifest>(contentsOf: path).manifest
      #expect(manifest.network.width == 0.125 && manifest.network.steps == 3)
      #expect(manifest.network.imageSize == 8 && manifest.network.classes == 4)
      #expect(manifest.training.epochs == 8 && manifest.training.seed == 3)
      #expect(manifest.training.cropPadding == 1 && !manifest.training.flips)
      #expect(manifest.dataset.count == 40 && manifest.dataset.name == "data")
      #expect(manifest.history.count == 8 && manifest.curve.map(\.step) == (1...8).map { $0 * 5 })

      let results = try place.json("run/results.json", as: RunResults.self)
      #expect(try place.contents("copy.json") == place.contents("run/results.json"))
      #expect(results.network == manifest.network && results.history == manifest.history)
      #expect(results.evaluations.map(\.epoch) == Array(1...8) && results.seconds > 0)
      // Counted again from the file alone.
      let network = try LoadedNetwork(checkpoint: path)
      let data = try DataAccess.load("tensors:" + place.path("data.safetensors"), .test)
      let clean = try #require(results.clean)
      #expect(clean == CleanEvaluation.score(network.network, network.recipe, on: data) { _ in })
      #expect(clean.correct >= 30, "training taught nothing")
      #expect(output.hasPrefix("clean accuracy ") && output.hasSuffix("\(clean.correct)/40\n"))
      let record = try place.json("run/manifest.json", as: RunRecord.self)
      #expect(record.status == .finished && record.stepsDone == 40 && record.stepsInAll == 40)
      #expect(record.seed == 3 && record.trainingData == manifest.dataset)
      let slots = ["last", "previous", "best"].map { "run/checkpoints/\($0).safetensors" }
      #expect(
        Set(try place.files().keys).filter { !$0.contains("tfevents") }
          == Set(
            ["data.safetensors", "copy.json", "run/.lock"] + slots
              + ["config.yaml", "manifest.json", "metrics.jsonl", "results.json"].map {
                "run/" + $0
              }
          ))
    }
  }

  @Test func `the configuration that a run leaves trains the same again`() throws {
    try Workplace.with(trained: true) { place in
      try place.succeed("train --config run/config.yaml --out again")
      let name = "checkpoints/last.safetensors"
      let (first, again) = (try place.tensors("run/" + name), try place.tensors("again/" + name))
      #expect(first.names == again.names && !first.isEmpty)
      #expect(first.names.allSatisfy { first[$0]!.isIdentical(to: again[$0]!) })
      // A flag wins over the file.
      try place.succeed("train --config run/config.yaml --seed 4 --epochs 1 --out other")
      let other = try place.json("other/manifest.json", as: RunRecord.self)
      #expect(other.seed == 4 && other.configuration.training.epochs == 1)
      #expect(other.configuration.network.width == 0.125)
    }
  }

  /// Its training images would be no test.
  @Test func `a tensors file alone has no test accuracy`() throws {
    try Workplace.with { place in
      let line = Workplace.training.replacing(Workplace.testData + " ", with: "")
      let output = try place.succeed(line + " --out run")
      #expect(
        output == "no test images: name them with --test-data to have the accuracy measured\n")
      let results = try place.json("run/results.json", as: RunResults.self)
      #expect(results.clean == nil && results.evaluations.isEmpty)
    }
  }

  @Test func `the best epoch is chosen by held-out images`() throws {
    try Workplace.with { place in
      try place.succeed(Workplace.training + " --validation 10 --evaluate-every end --out run")
      let results = try place.json("run/results.json", as: RunResults.self)
      let validation = results.evaluations.filter { $0.part == .validation }
      #expect(validation.map(\.epoch) == Array(1...8) && results.dataset.count == 30)
      #expect(results.evaluations.filter { $0.part == .test }.map(\.epoch) == [8])
      let best = try #require(results.best)
      let top = try #require(validation.map(\.score.accuracy).max())
      #expect(best.criterion == .validationAccuracy && best.value == top)
      #expect(best.epoch == validation.first { $0.score.accuracy == top }?.epoch)
      let kept = try Checkpoint<RunManifest>(
        contentsOf: place.path("run/checkpoints/best.safetensors"))
      #expect(kept.manifest.history.count == best.epoch)
    }
  }

  /// An epoch of inverted images in the middle of a run that had learned; without it the run is honest.
  @Test func `a planted collapse is told on the console and in the records`() throws {
    try Workplace.with { place in
      let line =
        Workplace.training.replacing("--epochs 8", with: "--epochs 24")
        + " --decay constant --evaluate-every end"
      let honest = try place.run(line + " --out honest")
      #expect(honest.exitCode == 0 && !honest.standardError.contains("collapse"))
      let results = try place.json("honest/results.json", as: RunResults.self)
      #expect(results.collapses == [])

      let planted = try place.run(
        line + " --foreign inverted --foreign-batches 5 --foreign-cadence once "
          + "--foreign-from-epoch 14 --out planted")
      let pattern = #/warning: collapse at step (\d+) \(noticed at \d+\): accuracy /#
      let found = try #require(planted.standardError.firstMatch(of: pattern))
      // The epoch's 5 batches, steps 70 to 74, are foreign; the first native batch shows what they did.
      #expect((75...77).contains(try #require(Int(found.1))))
      let log = String(decoding: try place.contents("planted/metrics.jsonl"), as: UTF8.self)
      #expect(log.contains(#""event":"collapse""#))
    }
  }

  @Test func `a run under the release's defects says that it is no evaluation`() throws {
    try Workplace.with { place in
      let line = Workplace.training.replacing("--epochs 8", with: "--epochs 1")
      let outcome = try place.run(line + " --protocol as-released --regime adversarial --out run")
      #expect(outcome.standardError.contains("warning: as released (one-step-attack, "))
      let record = try place.json("run/manifest.json", as: RunRecord.self)
      #expect(record.warnings.count == 1 && record.warnings[0].contains("not a valid evaluation"))
      // Without an attack the rest of the bundle is adopted.
      try place.succeed(line + " --protocol as-released --out clean")
      let clean = try place.json("clean/manifest.json", as: RunRecord.self)
      #expect(clean.warnings.isEmpty && clean.configuration.training.meanSquareWeight == 0.05)
    }
  }

  /// Output that is not a terminal's gets whole lines without escape codes, and results alone on its own.
  @Test func `progress is plain lines on standard error`() throws {
    try Workplace.with { place in
      let outcome = try place.run(
        Workplace.training + " --out run", environment: ["TERM": "xterm-256color"])
      #expect(outcome.standardOutput.split(separator: "\n").count == 1)
      let progress = outcome.standardError
      #expect(!progress.contains("\u{1B}") && !progress.contains("\r"))
      #expect(progress.hasPrefix("Reading tensors:data.safetensors\n  ✓ Reading"))
      #expect(progress.contains("\n  100 %  epoch 8/8  loss "))
      #expect(progress.hasSuffix(" s)\n"))
    }
  }

  @Test func `what an earlier run left is replaced only when told`() throws {
    try Workplace.with(trained: true) { place in
      let before = try place.files()
      let other = Workplace.training + " --out run --learning-rate 0.2"
      let refused = try place.run(other)
      #expect(refused.exitCode == 1)
      #expect(
        refused.standardError.hasSuffix(
          "\nError: run: expected no earlier run, found one; go on from it with --resume, replace it "
            + "with --overwrite, or name another --out\n"))
      #expect(try place.files() == before)
      try place.succeed(other + " --overwrite")
      let record = try place.json("run/manifest.json", as: RunRecord.self)
      #expect(record.configuration.training.learningRate == 0.2)
    }
  }

  @Test func `resuming a run that is done changes no number`() throws {
    try Workplace.with(trained: true) { place in
      let before = try place.files()
      try place.succeed(Workplace.training + " --out run --resume")
      #expect(try place.files() == before)
    }
  }

  @Test func `deflation changes the run, and both solvers agree`() throws {
    try Workplace.with(trained: true) { place in
      var weights: [NamedTensors] = [try place.tensors("run/checkpoints/last.safetensors")]
      for solver in ["fast", "svd"] {
        try place.succeed(Workplace.training + " --epochs 1 --deflation \(solver) --out \(solver)")
        weights.append(try place.tensors(solver + "/checkpoints/last.safetensors"))
      }
      let name = "layer2.0.weight"
      expectClose(weights[1][name]!, weights[2][name]!, relative: 1e-2, absolute: 1e-3)
      #expect((weights[0][name]! - weights[1][name]!).norm().item() > 1e-2)
    }
  }
}
