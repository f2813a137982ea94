import Models

extension ReportPage {
  /// A table with a caption, which scrolls where the page is too narrow for it.
  static func table(_ name: String, caption: String, head: [String], rows: [HTML]) -> HTML {
    """
    <div class="wide" role="region" aria-label="\(name)" tabindex="0">
    <table class="settings">
    <caption>\(caption)</caption>
    <thead><tr>\(head.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
    <tbody>
    \(rows)
    </tbody>
    </table>
    </div>
    """
  }

  /// A table of texts; the first of each row is its heading.
  static func table(_ name: String, caption: String, head: [String], rows: [[String]]) -> HTML {
    table(name, caption: caption, head: head, rows: rows.map(row))
  }

  /// A row of texts; the first is its heading.
  static func row(_ cells: [String]) -> HTML {
    "<tr><th scope=\"row\">\(cells[0])</th>\(cells.dropFirst().map { "<td>\($0)</td>" as HTML })</tr>"
  }

  /// Charts side by side, nothing where there are none.
  ///
  /// - Parameter kind: a further class of the style.
  static func grid(_ charts: [Chart], kind: String = "") -> HTML {
    guard !charts.isEmpty else { return "" }
    return """
      <noscript><p>The charts need JavaScript; the tables do not.</p></noscript>
      <div class="\(kind.isEmpty ? "charts" : "charts " + kind)">
      \(charts.map(\.figure))
      </div>
      """
  }
}

extension ReportPage {
  /// One line under the title.
  static func subtitle(
    _ data: DatasetFacts, _ network: NetworkRecipe, _ facts: String..., created: String
  ) -> String {
    ([data.name, network.model.rawValue.uppercased()] + facts + [created])
      .joined(separator: " · ")
  }
}
