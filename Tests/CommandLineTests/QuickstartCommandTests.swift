import Experiments
import Foundation
import TestSupport
import Testing
import Torch
import Training

/// `quickstart` and `doctor`.
@Suite struct QuickstartCommandTests {
  static let line =
    "quickstart \(Workplace.data) --train-limit 32 --test-limit 20 --attacked 10 --swept 5 --out q"

  @Test func `it leaves a report, its numbers and two checkpoints, again and again`() throws {
    try Workplace.with { place in
      let outcome = try place.run(Self.line + " --json copy.json")
      try #require(outcome.exitCode == 0, "\(outcome.standardError)")
      let results = try place.json("q/results.json", as: QuickstartResults.self)
      #expect(try place.contents("copy.json") == place.contents("q/results.json"))
      #expect(results.networks.map(\.name) == ["plain", "dsd"])
      #expect(results.networks.map(\.manifest.training.deflation) == [.none, .fast])
      #expect(results.attackedImages == 10 && results.sweptImages == 5)
      for network in results.networks {
        #expect(network.clean.total == 20 && network.manifest.dataset.count == 32)
        #expect(network.attacks.map(\.attack) == ["FGSM", "PGD-10"])
        #expect(network.attacks.allSatisfy { $0.score.total == 10 && $0.epsilon == 8.0 / 255 })
        #expect(network.sweep.map(\.epsilon) == [1.0, 2, 4, 8, 16].map { $0 / 255 })
        #expect(network.sweep.allSatisfy { $0.score.total == 5 })
        let file = place.path("q/\(network.name).safetensors")
        let checkpoint = try Checkpoint<RunManifest>(contentsOf: file)
        #expect(checkpoint.manifest == network.manifest)
        // Data of no known name are not normalised with another data set's numbers.
        #expect(network.manifest.network.normalization == nil)
        for spectrum in network.spectra where network.name == "dsd" {
          #expect(abs(spectrum.after[0] - spectrum.before[1]) <= 1e-3 * spectrum.before[0])
        }
        // The table is on standard output, and the same.
        for score in [network.clean] + network.attacks.map(\.score) {
          #expect(outcome.standardOutput.contains(" \(score.correct)/\(score.total)"))
        }
      }
      let page = String(decoding: try place.contents("q/report.html"), as: UTF8.self)
      #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("vegaEmbed"))
      #expect(!outcome.standardError.contains("\u{1B}") && !outcome.standardError.contains("\r"))

      try place.succeed(Self.line + " --seed 1")
      let second = try place.json("q/results.json", as: QuickstartResults.self)
      #expect(second.networks[0].manifest.training.seed == 1)
    }
  }

  @Test(arguments: ["plain.safetensors", "results.json"])
  func `it replaces no file but a quickstart's`(name: String) throws {
    try Workplace.with { place in
      try place.write(Data("{\"clean\": 1}".utf8), to: "q/" + name)
      let before = try place.files()
      let outcome = try place.run(Self.line)
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.standardError.hasSuffix(
          "\nError: q/\(name): expected no earlier run's file, found one; name another --out\n"))
      #expect(try place.files() == before)
    }
  }

  struct Report: Decodable {
    struct Finding: Decodable {
      let subject: String
      let state: String
      let detail: String
      let remedy: String?
    }
    let findings: [Finding]
  }

  @Test func `the doctor says what is there`() throws {
    try Workplace.with { place in
      let outcome = try place.run("doctor --json d.json")
      let report = try place.json("d.json", as: Report.self)
      let missing = report.findings.filter { $0.state == "missing" }
      #expect(outcome.exitCode == (missing.isEmpty ? 0 : 1))
      let engine = try #require(report.findings.first { $0.subject == "LibTorch" })
      #expect(engine.state == "good" && engine.detail == Engine.version)
      let subjects = ["Spikeguard", "Processor", "GPU", "Data set fashion-mnist", "Disk"]
      #expect(Set(subjects).isSubset(of: report.findings.map(\.subject)))
      for finding in report.findings {
        #expect(outcome.standardOutput.contains("\(finding.subject): \(finding.detail)"))
      }
    }
  }

  @Test func `the doctor's exit code says that something needed is missing`() throws {
    try Workplace.with { place in
      let outcome = try place.run(
        "doctor --json d.json", environment: ["SPIKEGUARD_VEGA": place.path("nothing.js")])
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.standardOutput.contains(
          "  ✗ Vega (charts of reports): not found\n      → run scripts/bootstrap\n"))
      #expect(outcome.standardError == "")
      let report = try place.json("d.json", as: Report.self)
      #expect(report.findings.contains { $0.state == "missing" && $0.remedy != nil })
    }
  }
}
