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

      let accuracies = try ["again", "s3", "s4", "s5"].map {
        try #require(place.json("runs/\($0)/results.json", as: RunResults.self).clean).accuracy
      }
      let mean = accuracies.reduce(0, +) / 4
      let squares = accuracies.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
      let spread = try #require(groups[0].testAccuracy)
      expectClose(spread.mean, mean, relative: 1e-12)
      expectClose(
        try #require(spread.standardDeviation), (squares / 3).squareRoot(), relative: 1e-9)
      #expect(groups[1].testAccuracy?.standardDeviation == nil)
      #expect(text.contains("4 seeds"))
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
