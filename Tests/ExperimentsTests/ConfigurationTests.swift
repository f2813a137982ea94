import Datasets
import Foundation
import TestSupport
import Testing

@testable import Experiments

/// YAML settings: every name, every value, and everything that is none.
@Suite struct ConfigurationTests {
  /// Another value than the default for each setting, as text.
  static func other(_ setting: Setting) throws -> String {
    let old = setting.text(RunConfiguration())
    if setting.key == "data" { return "tensors:it's here.safetensors" }
    if setting.expected.hasPrefix("one of ") {
      let choices = setting.expected.dropFirst("one of ".count).components(separatedBy: ", ")
      return try #require(choices.first { $0 != old })
    }
    if setting.expected == "true or false" { return old == "true" ? "false" : "true" }
    if setting.expected.hasPrefix("numbers") { return "0.5,0.25,0.125" }
    if setting.expected.hasPrefix("a fraction") { return "3/255" }
    return setting.expected.hasPrefix("a number") ? "3.0e-07" : "3"
  }

  @Test(arguments: RunConfiguration.settings.map(\.key))
  func `every setting is written and read back`(key: String) throws {
    let setting = try #require(RunConfiguration.setting(key))
    let text = try Self.other(setting)
    var changed = RunConfiguration()
    try changed.set(key, to: text, at: key)
    #expect(changed != RunConfiguration(), "the setting changes nothing")
    #expect(setting.text(changed) != setting.text(RunConfiguration()))
    #expect(try RunConfiguration(yaml: changed.yaml) == changed)
    // The only difference between the texts is this line, but for a bundle of settings.
    let lines = zip(
      changed.yaml.split(separator: "\n"), RunConfiguration().yaml.split(separator: "\n"))
    let differing = lines.filter { $0 != $1 }.map(\.0)
    #expect(differing.count { $0.hasPrefix(key + ":") } == 1)
    #expect(differing.count == 1 || key == "protocol")
  }

  @Test func `the defaults are read back, and an empty file means them`() throws {
    #expect(try RunConfiguration(yaml: RunConfiguration().yaml) == RunConfiguration())
    for empty in ["", "# nothing\n", "---\n", "---\n...\n"] {
      #expect(try RunConfiguration(yaml: empty) == RunConfiguration(), "'\(empty)'")
    }
  }

  @Test func `numbers are numbers to readers of YAML 1.1, too`() throws {
    var configuration = RunConfiguration()
    configuration.training.weightDecay = 5e-5
    #expect(configuration.yaml.contains("\nweight-decay: 5.0e-05\n"))
  }

  @Test func `lists and quoted texts are taken`() throws {
    let configuration = try RunConfiguration(
      yaml: "mean: [0.5, 0.25]\ndeviation: \"0.1,0.2\"\nepochs: '7'\nflip: No\n")
    #expect(configuration.mean == [0.5, 0.25] && configuration.deviation == [0.1, 0.2])
    #expect(configuration.training.epochs == 7 && !configuration.training.flips)
  }

  @Test(arguments: mistakes)
  func `mistakes name file, line, setting and remedy`(yaml: String, message: String) {
    let error = #expect(throws: UsageError.self) {
      try RunConfiguration(yaml: yaml, named: "run.yaml")
    }
    #expect(error?.description == message)
  }

  static let mistakes: [(String, String)] = [
    (
      "epochs: 3\nepoch: 4\n",
      "run.yaml:2: epoch: expected the name of a setting, found 'epoch'; did you mean 'epochs'?"
    ),
    (
      "quux-zyx: 4\n",
      "run.yaml:1: quux-zyx: expected the name of a setting, found 'quux-zyx'; --print-config prints "
        + "all names"
    ),
    ("epochs: ten\n", "run.yaml:1: epochs: expected a whole number, found 'ten'"),
    ("epochs: 1.5\n", "run.yaml:1: epochs: expected a whole number, found '1.5'"),
    ("epochs:\n", "run.yaml:1: epochs: expected a whole number, found ''"),
    ("seed: -1\n", "run.yaml:1: seed: expected a whole number of 0 or more, found '-1'"),
    ("limit: none\n", "run.yaml:1: limit: expected a whole number, or 'all', found 'none'"),
    ("flip: maybe\n", "run.yaml:1: flip: expected true or false, found 'maybe'"),
    ("reset: softly\n", "run.yaml:1: reset: expected one of soft, hard, none, found 'softly'"),
    ("learning-rate: fast\n", "run.yaml:1: learning-rate: expected a number, found 'fast'"),
    (
      "mean: [a, b]\n",
      "run.yaml:1: mean: expected numbers separated by commas, or 'auto', found 'a,b'"
    ),
    (
      "training:\n  epochs: 3\n",
      "run.yaml:1: training: expected one value, found a mapping; settings are not nested: "
        + "--print-config prints an example"
    ),
    ("mean: [[1]]\n", "run.yaml:1: mean: expected plain values, found a list of lists"),
    (
      "- epochs\n",
      "run.yaml: expected lines of `setting: value`, found another form of YAML; --print-config prints "
        + "an example"
    ),
    (
      "epochs: &e 3\nbatch-size: *e\n",
      "run.yaml:1: expected plain values, found the anchor '&e'; write each value out: settings have "
        + "no anchors and aliases"
    ),
    (
      "seed: 1\n? &key [a]\n: 3\n",
      "run.yaml:2: expected plain values, found the anchor '&key'; write each value out: settings "
        + "have no anchors and aliases"
    ),
    (
      "seed: 1\nepochs: *e\n",
      "run.yaml: expected YAML, found a mistake: 2:9: error: composer: found undefined alias:"
    ),
    (
      bomb,
      "run.yaml:1: expected plain values, found the anchor '&a0'; write each value out: settings have "
        + "no anchors and aliases"
    ),
    (
      "just text\n",
      "run.yaml: expected lines of `setting: value`, found another form of YAML; --print-config prints "
        + "an example"
    ),
  ]

  /// 9⁹ values in 10 lines, all of them in a key, which is hashed value by value.
  static let bomb: String =
    "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + (1...9).map { level in
      let copies = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      return level < 9 ? "a\(level): &a\(level) [\(copies)]\n" : "? [\(copies)]\n: 1\n"
    }.joined()

  /// Short texts that cost a careless reader minutes, or its stack.
  @Test(arguments: [
    bomb,
    String(repeating: "[", count: 60_000), String(repeating: "{", count: 60_000),
    String(repeating: "- ", count: 30_000), String(repeating: "? ", count: 30_000),
    String(repeating: "{? ", count: 400) + String(repeating: "x", count: 60_000)
      + String(repeating: "}", count: 400),
  ])
  func `hostile texts are refused in a moment`(yaml: String) {
    let start = ContinuousClock.now
    #expect(throws: UsageError.self) { try RunConfiguration(yaml: yaml, named: "run.yaml") }
    // Milliseconds on a quiet machine.
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  @Test func `ampersands and stars in quotes, comments and plain text are text`() throws {
    let text = """
      # &anchor and *alias
      data: 'tensors:my & his *.safetensors' # &no *no
      seed: 3
      """
    #expect(
      try RunConfiguration(yaml: text).texts["data"] == "tensors:my & his *.safetensors")
    let plain = "data: tensors:a&b *c &d.safetensors\n"
    #expect(
      try RunConfiguration(yaml: plain).texts["data"] == "tensors:a&b *c &d.safetensors")
  }

  @Test(arguments: ["a: [1\n", "\tb: 1\n", "a: 1\na: 2\n", "a: *nothing\n", "%bad\n---\n"])
  func `what is no YAML says so`(yaml: String) {
    let error = #expect(throws: UsageError.self) {
      try RunConfiguration(yaml: yaml, named: "run.yaml")
    }
    #expect(error?.description.hasPrefix("run.yaml") == true)
  }

  @Test func `files that cannot be a configuration are refused`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/c.yaml"
      let missing = #expect(throws: UsageError.self) { try RunConfiguration(contentsOf: path) }
      #expect(missing?.description == "\(path): expected a YAML file, found none; check the path")
      for (bytes, part) in [
        (Data([0xFF, 0xFE, 0x00]), "expected text in UTF-8"),
        (Data(repeating: 0x20, count: 1 << 17), "expected at most 65536 bytes, found 131072"),
      ] {
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: UsageError.self) { try RunConfiguration(contentsOf: path) }
        #expect(error?.description.contains(part) == true)
      }
    }
  }
}

/// Damaged configurations: a typed error or a valid value, never a crash.
@Suite(.timeLimit(.minutes(30))) struct ConfigurationFuzzTests {
  /// As it is written, and with lists, quotes, comments, anchors and nested forms.
  private static let originals = [
    RunConfiguration().yaml,
    "epochs: 3 # few\nmean: [0.5, 0.25]\ndeviation: \"0.1,0.2\"\nseed: '7'\nflip: No\n",
    "{epochs: 4, seed: 11, data: 'tensors:a & b*.safetensors'}\n",
    "? seed\n: 5\nepochs: &e 3\nbatch-size: *e\n",
  ].map { Array($0.utf8) }

  @Test func `a damaged configuration is refused, or written and read back`() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/c.yaml"
      var (refused, accepted) = (0, 0)
      for seed in 0..<UInt64(Mutations.count) {
        let damaged = Mutations.of(
          Self.originals[Int(seed) % Self.originals.count], seed: seed)
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        do throws(UsageError) {
          let read = try bounded("seed \(seed)") { () throws(UsageError) in
            try RunConfiguration(contentsOf: path)
          }
          accepted += 1
          #expect(try RunConfiguration(yaml: read.yaml) == read, "seed \(seed)")
        } catch {
          refused += 1
          #expect(error.description.hasPrefix(path + ":"), "seed \(seed): \(error)")
        }
      }
      #expect(
        accepted > Mutations.count / 20 && refused > Mutations.count / 20,
        "accepted \(accepted), refused \(refused)")
    }
  }
}
