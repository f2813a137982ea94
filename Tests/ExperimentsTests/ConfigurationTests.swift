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
      "just text\n",
      "run.yaml: expected lines of `setting: value`, found another form of YAML; --print-config prints "
        + "an example"
    ),
  ]

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
        (Data(repeating: 0x20, count: 1 << 21), "expected at most 1048576 bytes, found 2097152"),
      ] {
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: UsageError.self) { try RunConfiguration(contentsOf: path) }
        #expect(error?.description.contains(part) == true)
      }
    }
  }
}

/// Damaged configurations and run records: a typed error or a valid value, never a crash.
@Suite struct ConfigurationFuzzTests {
  @Test func `mutated YAML`() {
    let bytes = Array(RunConfiguration().yaml.utf8)
    for seed in 0..<UInt64(Mutations.count) {
      let text = String(decoding: Mutations.of(bytes, seed: seed), as: UTF8.self)
      guard let read = try? RunConfiguration(yaml: text) else { continue }
      #expect((try? RunConfiguration(yaml: read.yaml)) == read, "seed \(seed): \(text)")
    }
  }
}
