import Experiments
import Foundation
import TestSupport
import Testing

/// `audit` on a network that was trained in the test, and with defects of the release planted into the evaluation.
@Suite struct AuditCommandTests {
  static let line =
    "audit --checkpoint run --data tensors:data.safetensors --epsilon 0.1 --images 16 --batch-size 8"

  /// What readers of the file need; the file has more.
  struct Record: Decodable {
    struct Flag: Decodable {
      struct Count: Decodable {
        let successes: Int
        let trials: Int
      }
      let number: Int
      let check: String
      let state: String
      let count: Count
      let remedy: String
    }
    struct Verdict: Decodable {
      let kind: String
      let sentence: String
    }
    let epsilon: Double
    let clean: Score
    let ownGradient: Score?
    let worstCase: Score?
    let verdict: Verdict
    let flags: [Flag]
  }

  @Test func `the terminal, the file and the page say the same`() throws {
    try Workplace.with(trained: true) { place in
      let output = try place.succeed(Self.line + " --json a.json --out audit")
      let record = try place.json("a.json", as: Record.self)
      #expect(try place.contents("a.json") == place.contents("audit/audit.json"))
      #expect(record.flags.map(\.number) == Array(1...20) && record.epsilon == 0.1)
      #expect(record.clean.total == 16)
      let own = try #require(record.ownGradient)
      let worst = try #require(record.worstCase)
      #expect(worst.correct <= own.correct && own.correct <= record.clean.correct)
      #expect(output.hasSuffix("  Verdict: \(record.verdict.sentence).\n"))
      let page = String(decoding: try place.contents("audit/audit.html"), as: UTF8.self)
      #expect(page.contains("Verdict: \(record.verdict.sentence)."))
      for flag in record.flags where flag.state == "raised" {
        #expect(output.contains("  Flag \(flag.number), "))
        #expect(output.contains("To do:     \(flag.remedy)."))
        #expect(page.contains("To do: \(flag.remedy.replacing("'", with: "&#39;"))."))
      }
      // The seed says it all.
      #expect(try place.succeed(Self.line) == output)
    }
  }

  @Test func `planted defects are named, and only --strict ends with another code`() throws {
    try Workplace.with(trained: true) { place in
      let leaking = Self.line + " --leaked-state"
      let output = try place.succeed(leaking + " --json a.json")
      #expect(output.contains("not believable: the measurement is at fault (flag 14)"))
      let record = try place.json("a.json", as: Record.self)
      #expect(record.flags.filter { $0.state == "raised" }.map(\.check) == ["leaked-state"])
      #expect(record.ownGradient == nil && record.worstCase == nil)
      let strict = try place.run(leaking + " --strict")
      #expect(strict.exitCode == 2 && strict.standardOutput == output)
    }
  }
}
