import Datasets
import Experiments
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// `train`: what it leaves, what it shows, and what it does not touch.
@Suite struct TrainCommandTests {
  struct Record: Decodable {
    let manifest: RunManifest
    let clean: Score
    let seconds: Double
  }

  @Test func `a run leaves a checkpoint, its manifest and its numbers`() throws {
    try Workplace.with { place in
      let output = try place.succeed(Workplace.training + " --out run --json copy.json")
      let checkpoint = try Checkpoint<RunManifest>(
        contentsOf: place.path("run/checkpoint.safetensors"))
      let manifest = checkpoint.manifest
      #expect(manifest.network.width == 0.125 && manifest.network.steps == 3)
      #expect(manifest.network.imageSize == 8 && manifest.network.classes == 4)
      #expect(manifest.training.epochs == 8 && manifest.training.seed == 3)
      #expect(manifest.training.cropPadding == 1 && !manifest.training.flips)
      #expect(manifest.dataset.count == 40 && manifest.dataset.name == "data")
      #expect(manifest.history.count == 8 && manifest.curve.map(\.step) == (1...8).map { $0 * 5 })
      let aside = try place.json("run/checkpoint.safetensors.json", as: RunManifest.self)
      #expect(aside == manifest)

      let record = try place.json("run/results.json", as: Record.self)
      #expect(try place.contents("copy.json") == place.contents("run/results.json"))
      #expect(record.manifest == manifest && record.seconds > 0)
      // Counted again from the file alone.
      let network = try LoadedNetwork(checkpoint: place.path("run/checkpoint.safetensors"))
      let data = try DataAccess.load("tensors:" + place.path("data.safetensors"), .test)
      let clean = try CleanEvaluation.score(network.network, network.recipe, on: data)
      #expect(record.clean == clean)
      #expect(record.clean.correct >= 30, "training taught nothing")
      #expect(
        output.hasPrefix("clean accuracy ") && output.hasSuffix("\(record.clean.correct)/40\n"))
      #expect(
        Set(try place.files().keys) == [
          "data.safetensors", "copy.json", "run/checkpoint.safetensors",
          "run/checkpoint.safetensors.json", "run/results.json",
        ])
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
          "\nError: run/checkpoint.safetensors: expected no earlier run's file, found one; go on "
            + "from it with --resume, replace it with --overwrite, or name another --out\n"))
      #expect(try place.files() == before)
      try place.succeed(other + " --overwrite")
      let manifest = try place.json("run/checkpoint.safetensors.json", as: RunManifest.self)
      #expect(manifest.training.learningRate == 0.2)
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
      var weights: [NamedTensors] = [try place.tensors("run/checkpoint.safetensors")]
      for solver in ["fast", "svd"] {
        try place.succeed(Workplace.training + " --epochs 1 --deflation \(solver) --out \(solver)")
        weights.append(try place.tensors(solver + "/checkpoint.safetensors"))
      }
      let name = "layer2.0.weight"
      expectClose(weights[1][name]!, weights[2][name]!, relative: 1e-2, absolute: 1e-3)
      #expect((weights[0][name]! - weights[1][name]!).norm().item() > 1e-2)
    }
  }
}
