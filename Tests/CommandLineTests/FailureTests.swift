import Experiments
import Foundation
import TestSupport
import Testing
import Training

@testable import spikeguard

/// Training on a machine that fails: the cause and the last good checkpoint are named, and it is good.
@Suite struct FailureTests {
  private static let line = InterruptionTests.line.replacing(
    "--checkpoint-every 2", with: "--checkpoint-every 1")

  /// Runs the program in a shell that limits it first.
  private func run(_ limits: String, _ line: String, in place: Workplace) throws
    -> BuiltProduct.Outcome
  {
    let program = try Workplace.program.get().path
    return try BuiltProduct(path: "/bin/bash").run(
      ["-c", "\(limits); exec \(program) \(line)"], in: place.folder)
  }

  /// The log and every checkpoint grow with the steps, until one of them meets the limit.
  @Test func `a full disk`() throws {
    try Workplace.with { place in
      try place.succeed(Self.line.replacing("--epochs 12", with: "--epochs 1") + " --out probe")
      let size = try place.contents("probe/checkpoints/last.safetensors").count
      let blocks = size / 1024 + 2
      let outcome = try run(
        "trap '' XFSZ; ulimit -f \(blocks)", Self.line + " --out cut", in: place)
      #expect(outcome.exitCode == 1)
      let error = outcome.standardError
      #expect(
        error.contains(
          "Error: cut/checkpoints/last.safetensors: the checkpoint could not be written"))
      #expect(error.contains("File too large"))
      #expect(
        error.contains(
          "the last good one is cut/checkpoints/last.safetensors: make room and go on with --resume"
        ))
      let record = try place.json("cut/manifest.json", as: RunRecord.self)
      #expect(record.status == .failed && record.failure?.contains("File too large") == true)

      try place.succeed(Self.line + " --out cut --resume")
      try InterruptionTests.expectSame(.init(place.path("cut")), place)
    }
  }

  @Test func `a machine without memory`() throws {
    try Workplace.with { place in
      let outcome = try run(
        // The first convolution's output alone, 4 GB, is more than what is left: nothing smaller fails before it.
        "ulimit -v 4500000", "train --data fashion-mnist --limit 20000 --batch-size 20000 --out r",
        in: place)
      #expect(outcome.exitCode == 1)
      #expect(outcome.standardError.contains("Error: memory ran out in "))
      #expect(outcome.standardError.contains("there is no checkpoint yet"))
    }
  }

  @Test func `a loss that is no number`() throws {
    try Workplace.with { place in
      let outcome = try place.run(
        Self.line + " --out cut --learning-rate 1000 --weight-decay 1000")
      #expect(outcome.exitCode == 1)
      #expect(outcome.standardError.contains(/became (inf|nan|infinite or NaN)/))
      #expect(
        outcome.standardError.hasSuffix(
          "The last good checkpoint is cut/checkpoints/last.safetensors\n"))
      _ = try LoadedNetwork(checkpoint: place.path("cut/checkpoints/last.safetensors"))
    }
  }

  /// The order of sums depends on the number of threads, so a run keeps the one it began with.
  @Test func `a run keeps its threads on a machine of more, and ends with the same bits`() throws {
    try Workplace.with { place in
      let (one, two) = (["OMP_NUM_THREADS": "1"], ["OMP_NUM_THREADS": "2"])
      let whole = try place.run(Self.line + " --out whole", environment: one)
      #expect(whole.exitCode == 0)
      let file = place.path("cut/checkpoints/last.safetensors")
      let cut = try place.run(
        Self.line + " --out cut", environment: one,
        interruption: .init(SIGTERM) { FileManager.default.fileExists(atPath: file) })
      #expect(cut.exitCode == 143)
      var record = try place.json("cut/manifest.json", as: RunRecord.self)
      #expect((1..<InterruptionTests.stepsInAll).contains(record.stepsDone))
      let settings = String(decoding: try place.contents("cut/config.yaml"), as: UTF8.self)
      #expect(settings.contains("threads: 1\n"))

      let resumed = try place.run(
        "train --out cut --resume --workers 3", environment: two)
      #expect(resumed.exitCode == 0, "\(resumed.standardError)")
      record = try place.json("cut/manifest.json", as: RunRecord.self)
      #expect(record.status == .finished && record.configuration.training.threads == 1)
      let (a, b) = (
        try InterruptionTests.Outcome(place.path("whole")),
        try InterruptionTests.Outcome(place.path("cut"))
      )
      #expect(a == b)

      // Without that, two threads would have made a run of another recipe.
      let other = try place.run(Self.line + " --epochs 1 --out other", environment: two)
      #expect(other.exitCode == 0)
      record = try place.json("other/manifest.json", as: RunRecord.self)
      #expect(record.configuration.training.threads == 2)
    }
  }
}
