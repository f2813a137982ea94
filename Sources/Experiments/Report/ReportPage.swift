/// The skeleton of a page that needs nothing but itself: style, script and data are inside.
public struct ReportPage {
  struct Section {
    let id: String
    let title: String
    let body: HTML
  }

  let title: String
  let subtitle: String
  /// Stands before the sections.
  let lead: HTML
  let sections: [Section]
  let charts: [Chart]

  /// - Parameters:
  ///   - records: those behind the page, as JSON, for download.
  ///   - recordsName: their file's name.
  func html(
    records: HTML, named recordsName: String, vegaBundle: String
  ) throws -> String {
    let specifications = JSONValue.object(
      Dictionary(uniqueKeysWithValues: charts.map { ($0.id, $0.specification) }))
    let page: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
      <title>\(title)</title>
      <link rel="icon" href="data:,">
      <style>\(HTML(trusted: Self.style))</style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      <p>\(subtitle)</p>
      <nav aria-label="Sections">\(sections.map(Self.link))</nav>
      </header>
      <main>
      \(lead)
      \(sections.map(Self.element))
      </main>
      <script type="application/json" id="records" data-name="\(recordsName)">\(records)</script>
      <script type="application/json" id="charts">\(try specifications.inlineJSON())</script>
      <script>\(HTML(trusted: vegaBundle))</script>
      <script>\(HTML(trusted: Self.script))</script>
      </body>
      </html>

      """
    return page.text
  }

  /// The browser itself refuses any request: the page cannot call home. Vega compiles expressions, hence
  /// `unsafe-eval`.
  private static let policy =
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    + "img-src data: blob:"

  private static func link(_ section: Section) -> HTML {
    "<a href=\"#\(section.id)\">\(section.title)</a>"
  }

  private static func element(_ section: Section) -> HTML {
    """
    <section id="\(section.id)">
    <h2>\(section.title)</h2>
    \(section.body)
    </section>
    """
  }
}
