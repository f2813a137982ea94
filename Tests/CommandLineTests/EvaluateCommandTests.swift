import Experiments
import Foundation
import TestSupport
import Testing
import Torch

/// `evaluate`: its numbers follow from its images, a cut run ends with the same bits, and it says what is missing.
@Suite struct EvaluateCommandTests {
  static let line =
    "evaluate --checkpoint run \(Workplace.data) --epsilon 0.1 --effort quick --images 20 "
    + "--batch-size 16"

  struct Record: Decodable {
    struct Suite: Decodable {
      struct Stage: Decodable {
        let name: String
        let attacked: Int
        let broken: Int
        let isFinished: Bool
      }
      let stages: [Stage]
      let brokenBy: [Int?]
      let labels: [Int]
      let cleanPredictions: [Int]
      let predictions: [Int]
    }
    struct Source: Decodable {
      let substitute: String?
      let score: AttackScore
    }
    struct Substitute: Decodable {
      let name: String
      let clean: Score
    }
    let status: String
    let clean: Score?
    let robust: Score?
    let suite: Suite?
    let epsilonSweep: [AttackScore]
    let stepSweep: [AttackScore]
    let blackBox: [Source]
    let substitutes: [Substitute]
    let unfinished: [String]
  }

  @Test func `the numbers follow from the images, and anyone can check them`() throws {
    try Workplace.with(trained: true) { place in
      let text = try place.succeed(Self.line + " --out e --save-adversarial --json r.json")
      let record = try place.json("e/results.json", as: Record.self)
      let suite = try #require(record.suite)
      #expect(try place.contents("r.json") == place.contents("e/results.json"))
      #expect(record.status == "finished" && record.unfinished.isEmpty)

      // Clean and robust, by the network itself.
      let network = try LoadedNetwork(checkpoint: place.path("run/checkpoints/last.safetensors"))
      let data = try place.tensors("data.safetensors").map { $0[0..<20] }
      let file = try place.tensors("e/adversarial.safetensors")
      func right(_ images: Tensor) -> Tensor {
        withoutGradients { network.classifier()(images).argmax(along: 1) .== data["labels"]! }
      }
      let (clean, robust) = (right(data["images"]!), right(file["images"]!))
      let start = try #require(record.clean)
      #expect(start == Score(correct: Int(clean.sum().item()), total: 20))
      #expect(record.robust == Score(correct: Int((clean .& robust).sum().item()), total: 20))
      #expect(record.robust!.correct < start.correct)
      #expect(text.contains(Self.cell(start)) && text.contains(Self.cell(record.robust!)))
      #expect((file["images"]! - data["images"]!).magnitude().max().item() <= 0.1 + 1e-6)

      // Each stage meets what all before it left, and the union is no weaker than PGD.
      var left = start.correct
      for stage in suite.stages {
        #expect(stage.attacked == left && stage.isFinished)
        left -= stage.broken
      }
      #expect(left == record.robust!.correct)
      #expect(suite.brokenBy.count { $0 != nil } == start.correct - left)
      #expect(
        Set(suite.stages.map(\.name)) == [
          "ASSG + SA-PGD", "surrogate ensemble", "AutoAttack", "transfer", "Square",
          "random corners", "random points",
        ])
      try place.succeed(
        "attack --checkpoint run \(Workplace.data) --limit 20 --epsilon 0.1 --step-size 0.025 "
          + "--json pgd.json")
      let pgd = try place.json("pgd.json", as: AttackCommandTests.Record.self).underAttack.score
      #expect(record.robust!.correct <= pgd.correct)

      let page = String(decoding: try place.contents("e/report.html"), as: UTF8.self)
      #expect(page.contains("<h2>Suite</h2>") && page.contains("\"stages\""))

      let verified = try place.succeed(
        "verify-adversarial e/adversarial.safetensors --checkpoint run \(Workplace.data) --json v.json"
      )
      #expect(verified.contains("The claim holds."))
      let refused = try place.run(Self.line + " --out e")
      #expect(refused.exitCode == 1)
      #expect(
        refused.standardError.hasSuffix(
          "Error: e: expected no earlier evaluation, found one; go on with --resume, replace it with "
            + "--overwrite, or name another --out\n"))
      let other = try place.run(Self.line + " --out e --resume --seed 1")
      #expect(other.exitCode == 1)
      #expect(
        other.standardError.contains("found another: recipe.seed: 1, not 0; repeat its options"))
    }
  }

  private static func cell(_ score: Score) -> String { "\(score.correct)/\(score.total)" }

  /// Everything but times.
  private static func outcome(_ place: Workplace, _ folder: String) throws -> [String] {
    let text = String(
      decoding: try place.contents(folder + "/results.json"), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init).filter {
      !$0.contains("econds\"") && !$0.contains("\"created\"")
    }
    return lines + [try place.contents(folder + "/adversarial.safetensors").base64EncodedString()]
  }

  static let tables = line + " --sweep black-box --save-adversarial"
  static let whole = Result {
    try Workplace.with(trained: true) { place in
      try place.succeed(tables + " --out e")
      return try outcome(place, "e")
    }
  }

  /// SIGTERM and SIGKILL, each time a moment after the state was saved, until it is through.
  /// Catches random numbers that depend on earlier chunks, and a measurement that is made twice or lost.
  @Test(arguments: [SIGTERM, SIGKILL])
  func `a run that is cut again and again ends with the same bits`(signal: Int32) throws {
    let whole = try Self.whole.get()
    try Workplace.with(trained: true) { place in
      var random = MutationRandom(state: 11)
      var cuts = 0
      for life in 0... {
        let state = place.path("e/state/last.safetensors")
        let before = Self.modified(state)
        let delay = 20 + random.below(400)
        var moment: ContinuousClock.Instant?
        let outcome = try place.run(
          Self.tables + " --out e --resume",
          interruption: life >= 4
            ? nil
            : .init(signal) {
              if moment == nil, Self.modified(state) != before { moment = .now }
              return moment.map { ContinuousClock.now - $0 > .milliseconds(delay) } ?? false
            })
        if outcome.exitCode == 0 { break }
        cuts += 1
        try #require(
          outcome.exitCode == (signal == SIGKILL ? -9 : 143), "\(outcome.standardError)")
        if signal == SIGTERM {
          let record = try place.json("e/results.json", as: Record.self)
          #expect(record.status == "stopped" && !record.unfinished.isEmpty)
          #expect(outcome.standardError.contains("go on with the same command line and --resume"))
        }
      }
      #expect(cuts >= 2, "it was through before anything was cut")
      let found = try Self.outcome(place, "e")
      #expect(found.count == whole.count)
      for (mine, theirs) in zip(found, whole) { #expect(mine == theirs) }
    }
  }

  private static func modified(_ path: String) -> Date? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.modificationDate] as? Date
  }

  @Test func `a budget ends with an upper bound, and a new one goes on`() throws {
    try Workplace.with(trained: true) { place in
      let text = try place.succeed(Self.line + " --out e --budget 0.005")
      let record = try place.json("e/results.json", as: Record.self)
      #expect(record.status == "outOfBudget" && !record.unfinished.isEmpty)
      #expect(text.contains("not done to the end are") || text.contains("Not measured: suite"))
      try place.succeed(Self.line + " --out e --resume")
      let after = try place.json("e/results.json", as: Record.self)
      #expect(after.status == "finished" && after.unfinished.isEmpty && after.robust != nil)
    }
  }

  /// Catches an attack of the suite that is made for L∞ alone.
  @Test func `a spiking network is evaluated in L2`() throws {
    try Workplace.with(trained: true) { place in
      let text = try place.succeed(
        "evaluate --checkpoint run \(Workplace.data) --norm l2 --epsilon 0.6 --effort quick "
          + "--images 12 --out e")
      let record = try place.json("e/results.json", as: Record.self)
      let (clean, robust) = (try #require(record.clean), try #require(record.robust))
      #expect(record.status == "finished" && robust.correct < clean.correct)
      #expect(record.suite?.stages.first?.name == "ASSG + APGD" && text.contains("L2 0.6"))
    }
  }

  @Test func `sweeps and black box are tables of their own`() throws {
    try Workplace.with(trained: true) { place in
      let text = try place.succeed(
        "evaluate --checkpoint run \(Workplace.data) --epsilon 0.1 --effort none --images 12 "
          + "--sweep epsilon --sweep steps --sweep black-box --substitute run --out e")
      let record = try place.json("e/results.json", as: Record.self)
      let start = try #require(record.clean)
      #expect(record.suite == nil && record.robust == nil && start.total == 12)
      #expect(record.epsilonSweep.count == 18 && record.stepSweep.count == 10)
      #expect(record.epsilonSweep[0].epsilon == 0 && record.epsilonSweep[17].epsilon == 128 / 255)
      #expect(record.epsilonSweep[0].score == record.clean)
      #expect(record.epsilonSweep[17].score.correct < start.correct)
      #expect(
        record.stepSweep.map(\.attack)
          == [7, 10, 15, 20, 30, 40, 50, 60, 70, 80].map { "PGD-\($0)" })
      let names = ["run", "ReLU twin of the same weights"]
      #expect(record.substitutes.map(\.name) == names)
      #expect(record.blackBox.map(\.substitute) == ([nil] + names + [nil] + names))
      #expect(
        record.blackBox.map(\.score.attack) == ["FGSM", "FGSM", "FGSM"]
          + Array(repeating: "PGD-7", count: 3))
      // From a copy of the network FGSM is FGSM.
      #expect(record.substitutes[0].clean == record.clean)
      #expect(record.blackBox[1].score.score == record.blackBox[0].score.score)
      #expect(text.contains("the network itself (white box)") && text.contains("PGD-80"))
      let page = String(decoding: try place.contents("e/report.html"), as: UTF8.self)
      for title in ["Accuracy against ε", "Accuracy against steps", "White box against black box"] {
        #expect(page.contains("<h2>\(title)</h2>"))
      }
    }
  }
}
