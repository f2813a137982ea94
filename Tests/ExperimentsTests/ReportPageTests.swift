import Foundation
import Testing

@testable import Experiments

@Suite struct ReportPageTests {
  static let bundle = "window.vegaEmbed = function () { return Promise.resolve(); };"

  private func page(_ results: QuickstartResults) throws -> String {
    try results.html(vegaBundle: Self.bundle)
  }

  /// Anything but `data:` and a place in the page would be a request.
  @Test func loadsNothing() throws {
    let page = try page(ReportSamples.pair())
    let references = page.matches(
      of: /(?i)\s(?:src|href|srcset|action|poster|data)\s*=\s*"([^"]*)"/
    )
    .map { String($0.output.1) }
    #expect(references.count > 10)
    #expect(references.allSatisfy { $0.hasPrefix("data:") || $0.hasPrefix("#") }, "\(references)")
    #expect(!page.contains("@import") && !page.contains("url("))
    let addresses = page.matches(of: /https?:\/\/[^"\s]*/).map { String($0.output) }
    #expect(Set(addresses) == ["https://vega.github.io/schema/vega-lite/v6.json"])
    #expect(page.contains("default-src 'none'") || page.contains("default-src &#39;none&#39;"))
    #expect(page.contains("<meta charset=\"utf-8\">"))
  }

  @Test func sectionsComeInOrderUnderTheirHeadings() throws {
    let page = try page(ReportSamples.pair())
    #expect(
      page.matches(of: /<h([1-6])[^>]*>([^<]*)/).map { "\($0.output.1) \($0.output.2)" }
        .map { $0.trimmingCharacters(in: .whitespaces) } == [
          "1 Spikeguard quickstart", "2 Results", "2 Training", "2 Accuracy against ε",
          "2 Attacked images", "3 Ankle boot", "3 Ankle boot", "2 Gradient spectra", "2 Settings",
          "2 Versions and machine", "2 Data",
        ])
    let finding = try #require(page.range(of: "On 1,000 test images"))
    let results = try #require(page.range(of: "<h2>"))
    #expect(finding.lowerBound < results.lowerBound)
  }

  @Test func holdsItsOwnRecords() throws {
    let results = try ReportSamples.pair()
    let text = try script("records", in: page(results))
    #expect(try JSONDecoder().decode(QuickstartResults.self, from: Data(text.utf8)) == results)
    #expect(try page(results).contains(#"data-name="results.json""#))
    #expect(try page(results).contains(#"id="download""#))
  }

  /// The script finds an element for each specification, and each element has one.
  @Test func everyChartHasItsPlace() throws {
    let page = try page(ReportSamples.pair())
    let json = Data(try script("charts", in: page).utf8)
    let charts = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    let places = page.matches(of: /<div id="([^"]*)" class="canvas"/).map { String($0.output.1) }
    #expect(Set(places) == Set(charts.keys))
    #expect(places.count == 7)
  }

  /// Text of the records stays text wherever it stands.
  @Test func hostileRecordsStayText() throws {
    let hostile = #"</script><script>alert(1)</script>"><img src=x onerror=alert(1)>&"#
    let sample = try ReportSamples.pair().json()
    var text = String(decoding: sample, as: UTF8.self)
    let escaped = hostile.replacingOccurrences(of: "\"", with: "\\\"")
    for word in [
      "Plain", "Ankle boot", "Sneaker", "layer1.0.weight", "PGD-10", "Quiet Processor 9",
      "Fashion-MNIST", "c0ffee42", "Debian 12", "AVX2", "2026-01-02T03:04:05Z",
    ] {
      #expect(text.contains("\"\(word)\""), "\(word)")
      text = text.replacingOccurrences(of: "\"\(word)\"", with: "\"\(word)\(escaped)\"")
    }
    let results = try JSONDecoder().decode(QuickstartResults.self, from: Data(text.utf8))
    let page = try page(results)
    let calm = try self.page(ReportSamples.pair())
    #expect(!page.contains("<img src=x") && !page.contains("<script>alert"))
    for tag in ["<script", "</script", "<img", "<h3", "<td", "<div"] {
      #expect(
        page.components(separatedBy: tag).count == calm.components(separatedBy: tag).count, "\(tag)"
      )
    }
  }

  @Test func emptySectionsSaySo() throws {
    for results in [try ReportSamples.bare(), try ReportSamples.results([])] {
      let page = try page(results)
      for sentence in [
        "No training curve was recorded.", "No sweep over ε was recorded.",
        "No pictures were recorded.", "No spectrum was recorded.",
      ] {
        #expect(page.contains("<p>\(sentence)</p>"))
      }
      #expect(try script("charts", in: page) == "{}")
    }
    #expect(try page(ReportSamples.bare()).contains("9 of 10"))
  }

  @Test(arguments: [
    "a</script>b vegaEmbed", "vegaEmbed <!-- ", "vegaEmbed '</SCRIPT'", "var x = 1",
  ])
  func refusesAScriptThatWouldBreakThePage(script: String) throws {
    let results = try ReportSamples.bare()
    #expect(throws: VegaBundleError.self) {
      try results.html(vegaBundle: script)
    }
  }

  private func script(_ id: String, in page: String) throws -> String {
    let pattern = try Regex<(Substring, Substring)>("<script[^>]*id=\"\(id)\"[^>]*>(.*?)</script>")
    return String(try #require(page.firstMatch(of: pattern)).output.1)
  }
}
