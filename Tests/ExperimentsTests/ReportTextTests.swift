import Foundation
import Testing

@testable import Experiments

@Suite struct ReportTextTests {
  @Test(arguments: [
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    (
      #""><img src=x onerror='alert(1)'>"#, "&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;"
    ),
    ("a & b &amp; c", "a &amp; b &amp;amp; c"), ("ε ≤ 8/255 – “ok”", "ε ≤ 8/255 – “ok”"), ("", ""),
  ])
  func interpolatedTextIsEscaped(text: String, expected: String) {
    #expect(("<b title=\"\(text)\">" as HTML).text == "<b title=\"\(expected)\">")
  }

  @Test func piecesAndNumbersStay() {
    let cell: HTML = "<td>\("<" as String)</td>"
    #expect(
      ("<tr>\(cell)\([cell, cell])\(7)</tr>" as HTML).text
        == "<tr><td>&lt;</td><td>&lt;</td>\n<td>&lt;</td>7</tr>")
  }

  @Test func inlineJSONCannotEndItsScript() throws {
    let hostile = ["</script><script>alert(1)</script>", "<!--", #"\u003c "quoted" \"#]
    let text = try hostile.inlineJSON().text
    #expect(!text.contains("<"))
    #expect(try JSONDecoder().decode([String].self, from: Data(text.utf8)) == hostile)
  }

  @Test func valuesThatJSONLacksAreNull() throws {
    let value: JSONValue = [
      "a": .number(.nan), "b": .number(.infinity), "c": 1.5, "d": true, "e": nil,
    ]
    #expect(try value.inlineJSON().text == #"{"a":null,"b":null,"c":1.5,"d":true,"e":null}"#)
  }

  @Test func mergingKeepsBothAndPrefersTheOther() {
    let mine: JSONValue = ["a": 1, "b": 2]
    #expect(mine.merging(["b": 3, "c": 4]) == ["a": 1, "b": 3, "c": 4])
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (60_000, "60,000"), (1_234_567, "1,234,567"),
    (-1000, "−1,000"),
  ])
  func counts(number: Int, expected: String) { #expect(NumberText.count(number) == expected) }

  /// `Double(n) / 255 * 255` is not n for every n.
  @Test func everyByteStepIsWritten() {
    for steps in 0...255 { #expect(NumberText.epsilon(Double(steps) / 255) == "\(steps)/255") }
    #expect(NumberText.epsilon(0.1) == "0.1")
    #expect(NumberText.epsilon(0.3 / 255) == "\(0.3 / 255)")
  }

  @Test(arguments: [
    (0.04, "0.0 s"), (12.34, "12.3 s"), (119.9, "119.9 s"), (120, "2 min 0 s"),
    (312.4, "5 min 12 s"),
    (3599.7, "60 min 0 s"),
  ])
  func times(seconds: Double, expected: String) {
    #expect(plain(NumberText.seconds(seconds)) == expected)
  }

  @Test(arguments: [
    ([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"),
  ])
  func lists(items: [String], expected: String) { #expect(NumberText.list(items) == expected) }
}
