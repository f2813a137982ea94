import Experiments
import Foundation
import TestSupport
import Testing

/// What the program says of itself.
@Suite struct HelpTests {
  static let network =
    [
      "--model", "--stem", "--activation", "--classes", "--head", "--width", "--coding",
      "--time-steps",
      "--mean", "--deviation",
    ]
    + [
      "--tau", "--threshold", "--reset", "--input-decay", "--no-input-decay", "--detach-reset",
      "--no-detach-reset", "--surrogate", "--surrogate-width", "--temporal-gradient",
    ]
  /// One flag a setting, two for what is on or off.
  static let settings = RunConfiguration.settings.flatMap { setting in
    setting.expected == "true or false"
      ? ["--\(setting.key)", "--no-\(setting.key)"] : ["--\(setting.key)"]
  }
  static let source = ["--checkpoint", "--weights"] + network
  static let data = ["--data", "--limit"]

  /// Every option of every command. A new one has its line here and in the README.
  static let options: [String: [String]] = [
    "quickstart": [
      "--out", "--data", "--epochs", "--attacked", "--swept", "--train-limit", "--test-limit",
      "--seed", "--json",
    ],
    "train": [
      "--config", "--print-config", "--out", "--resume", "--overwrite", "--json",
    ] + settings,
    "attack": source + data + [
      "--attack", "--norm", "--epsilon", "--step-size", "--steps", "--restarts", "--queries",
      "--samples", "--noise-deviation", "--random-start", "--no-random-start", "--through",
      "--list-views", "--draws", "--from", "--batch-size", "--seed",
      "--save-adversarial", "--start", "--protocol",
      "--one-step-attack", "--leaked-state", "--normalized-clamp", "--json",
    ],
    "evaluate": source + [
      "--data", "--images", "--norm", "--epsilon", "--effort", "--budget", "--batch-size", "--seed",
      "--substitute", "--sweep", "--out", "--save-adversarial", "--resume", "--overwrite", "--json",
    ],
    "verify-adversarial": source + ["--data", "--epsilon", "--norm", "--json"],
    "audit": source + [
      "--data", "--images", "--epsilon", "--effort", "--substitute", "--batch-size", "--seed",
      "--strict", "--out", "--leaked-state", "--normalized-clamp", "--json",
    ],
    "curvature": source + [
      "--data", "--inference", "--split", "--batches", "--batch-size", "--whole", "--epsilon",
      "--step-size", "--steps", "--loss", "--product", "--precision", "--count", "--order",
      "--solver", "--tolerance", "--max-products", "--density", "--no-density", "--density-steps",
      "--density-vectors", "--trace", "--no-trace", "--trace-products", "--seed", "--out",
      "--json",
    ],
    "predict": source + data + ["--split", "--out", "--json"],
    "gradients": source + data + ["--split", "--training", "--out", "--json"],
    "deflate": ["--solver", "--single-vectors-as-released", "--json"],
    "convert": ["--out", "--naming", "--model", "--key", "--json"],
    "data": [], "data list": ["--json"], "data fetch": ["--to", "--from"],
    "data verify": ["--json"], "data info": ["--json"],
    "data preview": ["--split", "--count", "--seed", "--out"],
    "models": [
      "--data", "--image-size", "--channels", "--classes", "--time-steps", "--width", "--stem",
      "--activation", "--json",
    ],
    "theory steps": [
      "--steps", "--temporal-gradient", "--coding", "--activation", "--loss", "--model", "--stem",
      "--head", "--width", "--tau", "--threshold", "--reset", "--input-decay",
      "--no-input-decay", "--detach-reset", "--no-detach-reset", "--surrogate",
      "--surrogate-width", "--train-steps",
      "--train-batch-size", "--calibration-batches", "--data", "--images", "--batch-size",
      "--tolerance", "--maximum-products", "--seed", "--out", "--json",
    ],
    "theory alignment": source + [
      "--data", "--images", "--batch-size", "--loss", "--seed", "--out", "--json",
    ],
    "doctor": ["--json"],
    "runs": ["--compare", "--json"],
    "theory": [], "theory gradients": ["--out", "--json"],
    "theory drift": [
      "--data", "--test-data", "--images", "--kinds", "--foreign-batches", "--epsilon",
      "--noise-deviation", "--learning-rate", "--momentum", "--deflation", "--batch-statistics",
      "--recompute-batches", "--curvature-images", "--out", "--json",
    ],
  ]

  @Test(arguments: options.keys.sorted())
  func `help names every option`(_ command: String) throws {
    let outcome = try Workplace.program.get().run(
      command.split(separator: " ").map(String.init) + ["--help"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.standardError == "")
    // Options begin their line; texts mention others. Two spellings of a flag share a line.
    let lines = outcome.standardOutput.split(separator: "\n").filter { $0.hasPrefix("  -") }
    let named = lines.flatMap { line in
      line.matches(of: /(?:^ +|\/|, )(--[a-z0-9-]+)/).map { String($0.1) }
    }
    #expect(Set(named) == Set(Self.options[command]! + ["--help", "--version"]))
    #expect(outcome.standardOutput.hasPrefix("OVERVIEW: "))
  }

  @Test func `the program's help names every command`() throws {
    let outcome = try Workplace.program.get().run(["--help"])
    #expect(outcome.exitCode == 0)
    let commands = try #require(outcome.standardOutput.components(separatedBy: "SUBCOMMANDS:").last)
    let names = commands.matches(of: #/\n  ([a-z-]+) /#).map { String($0.1) }
    #expect(Set(names) == Set(Self.options.keys.filter { !$0.contains(" ") }))
  }

  @Test func `the version is one line`() throws {
    let outcome = try Workplace.program.get().run(["--version"])
    #expect(outcome == .init(exitCode: 0, standardOutput: "0.1.0\n", standardError: ""))
  }
}
