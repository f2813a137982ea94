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

  /// A row of texts; the first is its heading.
  static func row(_ cells: [String]) -> HTML {
    "<tr><th scope=\"row\">\(cells[0])</th>\(cells.dropFirst().map { "<td>\($0)</td>" as HTML })</tr>"
  }

  /// Charts side by side.
  static func grid(_ charts: [Chart]) -> HTML {
    """
    <noscript><p>The charts need JavaScript; the tables do not.</p></noscript>
    <div class="charts">
    \(charts.map(\.figure))
    </div>
    """
  }
}
