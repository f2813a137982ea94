import Foundation
import TestSupport
import Testing

/// What a person at a terminal sees; `script` gives the program one.
@Suite struct TerminalTests {
  static let script = "/usr/bin/script"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: script)))
  func `training redraws one line with a bar, the measures and the time left`() throws {
    try Workplace.with { place in
      let command = try Workplace.program.get().path + " " + Workplace.training + " --out run"
      let outcome = try BuiltProduct(path: Self.script).run(
        ["-qec", command, "/dev/null"], in: place.folder, environment: ["TERM": "xterm"])
      #expect(outcome.exitCode == 0)
      let text = outcome.standardOutput
      // Each redraw returns to the line's start and clears it.
      let redraws = text.split(separator: "\r\u{1B}[K").filter { $0.contains("images/s") }
      let last = try #require(redraws.last)
      let pattern =
        /^  █{24} 100 %  epoch 8\/8  loss [\d.]+  accuracy [\d.]+ %  spikes [\d.]+ %  \d+ images\/s  0\.0 s left/
      #expect(last.firstMatch(of: pattern) != nil, "\(last)")
      // Nothing of a redrawn line stays: what ends with a line break is a finished piece of work or a result.
      let lines = text.split(separator: "\r\n").map { $0.split(separator: "\u{1B}[K").last ?? "" }
      #expect(
        lines.allSatisfy { line in
          ["  ✓ ", "  spikes: ", "  to expect: ", "  epoch ", "clean accuracy"].contains {
            line.hasPrefix($0) && !line.contains("█")
          }
        }, "\(lines)")
    }
  }
}
