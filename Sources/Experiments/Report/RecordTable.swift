/// A plain table of texts: the first column names the row.
struct RecordTable {
  /// For those who do not see it.
  let name: String
  let caption: String
  let head: [String]
  let rows: [[String]]

  var html: HTML {
    """
    <div class="wide" role="region" aria-label="\(name)" tabindex="0">
    <table class="settings">
    <caption>\(caption)</caption>
    <thead><tr>\(head.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
    <tbody>
    \(rows.map(Self.row))
    </tbody>
    </table>
    </div>
    """
  }

  private static func row(_ cells: [String]) -> HTML {
    """
    <tr><th scope="row">\(cells[0])</th>\
    \(cells.dropFirst().map { "<td>\($0)</td>" as HTML })</tr>
    """
  }
}
