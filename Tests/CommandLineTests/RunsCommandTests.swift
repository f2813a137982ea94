import Experiments
import Foundation
import TestSupport
import Testing
import Training

@testable import spikeguard

/// `runs`: what it finds, how it groups, and what it compares.
@Suite struct RunsCommandTests {
  @Test func `runs of several seeds are one group with mean and deviation`() throws {
    try Workplace.with { place in
      let line = Workplace.training.replacing("--epochs 8", with: "--epochs 1")
      for seed in [3, 4, 5] {
        try place.succeed(line.replacing("--seed 3", with: "--seed \(seed) --out runs/s\(seed)"))
      }
      // How a run is carried out makes no other group; what it computes does.
      try place.succeed(line + " --checkpoint-every 1 --out runs/again")
      try place.succeed(line + " --tau 2 --out runs/tau")
      let text = try place.succeed("runs --json all.json --compare")
      let groups = try place.json("all.json", as: [RunGroup].self)
      #expect(
        groups.map { $0.runs.map(\.path) }
          == [["runs/again", "runs/s3", "runs/s4", "runs/s5"], ["runs/tau"]])

      // "again" repeats a seed.
      let accuracies = try ["s3", "s4", "s5"].map {
        try #require(place.json("runs/\($0)/results.json", as: RunResults.self).clean).accuracy
      }
      let mean = accuracies.reduce(0, +) / 3
      let squares = accuracies.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
      let spread = try #require(groups[0].testAccuracy)
      expectClose(spread.mean, mean, relative: 1e-12)
      expectClose(
        try #require(spread.standardDeviation), (squares / 2).squareRoot(), relative: 1e-9)
      #expect(groups[1].testAccuracy?.standardDeviation == nil)
      #expect(text.contains("3 seeds"))
      let compared = text.components(separatedBy: "\n").filter { $0.hasPrefix("  tau ") }
      #expect(compared.count == 1 && compared[0].contains("1.1") && compared[0].contains("2.0"))
      #expect(!text.contains("batch-size"), "an equal setting is no difference")
    }
  }

  @Test func `a run that was killed, and one at work, are told apart`() throws {
    try Workplace.with { place in
      _ = try place.run(
        InterruptionTests.line + " --out cut",
        interruption: .init(SIGKILL) {
          FileManager.default.fileExists(atPath: place.path("cut/checkpoints/previous.safetensors"))
        })
      #expect(try place.succeed("runs cut").contains(/killed at \d+\/60/))
      let lock = try RunLock(RunFolder(existing: place.path("cut")))
      #expect(try place.succeed("runs cut").contains(/running at \d+\/60/))
      withExtendedLifetime(lock) {}
    }
  }

  /// One sound run, and one beside it whose record or log is damaged.
  private func outcome(
    damaging name: String, _ damage: (inout Data) -> Void
  ) throws -> BuiltProduct.Outcome {
    try Workplace.with(trained: true) { place in
      for (file, content) in try place.files() where file.hasPrefix("run/") {
        try place.write(content, to: "runs/good" + file.dropFirst("run".count))
        try place.write(content, to: "runs/bad" + file.dropFirst("run".count))
      }
      var content = try place.contents("runs/bad/" + name)
      damage(&content)
      try place.write(content, to: "runs/bad/" + name)
      return try place.run("runs runs")
    }
  }

  @Test func `a run whose record or log is damaged is left out with a warning`() throws {
    let cut = try outcome(damaging: "manifest.json") { $0.removeLast(40) }
    #expect(
      cut.standardError
        == "warning: runs/bad/manifest.json: expected a run's record as JSON, found another text: it "
        + "is not JSON; it was damaged, or another version wrote it: take it from a backup, or train "
        + "again\n")
    let byte = try outcome(damaging: "metrics.jsonl") { $0[$0.startIndex + 5] = 0xff }
    #expect(
      byte.standardError
        == "warning: runs/bad/metrics.jsonl:1: expected a record of a run as JSON, found bytes that "
        + "are no UTF-8; the log was damaged or changed since it was written: take it from a backup, "
        + "or train again\n")
    // A finished run's last line cannot be half-written, and no older score takes its place.
    let last = try outcome(damaging: "metrics.jsonl") { $0.removeLast(9) }
    #expect(last.standardError.hasPrefix("warning: runs/bad/metrics.jsonl:"))
    for outcome in [cut, byte, last] {
      #expect(outcome.exitCode == 0)
      #expect(outcome.standardOutput.contains("runs/good"))
      #expect(!outcome.standardOutput.contains("runs/bad"))
    }
  }

  @Test func `damaged runs alone are an error`() throws {
    try Workplace.with { place in
      try place.write(Data("{".utf8), to: "runs/bad/manifest.json")
      let outcome = try place.run("runs")
      #expect(outcome.exitCode == 1)
      #expect(outcome.standardError.hasPrefix("warning: runs/bad/manifest.json: expected "))
      #expect(
        outcome.standardError.contains("expected a folder with runs, found none that can be read"))
    }
  }

  @Test func `a folder without runs is an error`() throws {
    try Workplace.with { place in
      let outcome = try place.run("runs")
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.standardError
          == "Error: runs: expected a folder with runs, found none; name the --out "
          + "of `spikeguard train`, or a folder above it\n")
    }
  }
}
