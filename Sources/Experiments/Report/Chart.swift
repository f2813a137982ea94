/// A Vega-Lite 6 specification with its place in the page.
struct Chart {
  /// Of the element that it is drawn in; the name of an exported file too.
  let id: String
  /// Stands above it.
  let title: String
  /// What it shows, for those who do not see it.
  let label: String
  let height: Double
  /// Mark or layers, data and encoding.
  let body: JSONValue

  init(id: String, title: String, label: String, height: Double = 220, _ body: JSONValue) {
    self.id = id
    self.title = title
    self.label = label
    self.height = height
    self.body = body
  }

  var specification: JSONValue {
    let frame: JSONValue = [
      "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
      "description": .string(label),
      "width": "container",
      "height": .number(height),
      "config": Self.config,
    ]
    return frame.merging(body)
  }

  /// The element that the page's script fills.
  var figure: HTML {
    """
    <figure class="chart" aria-label="\(label)">
    <figcaption>\(title)</figcaption>
    <div id="\(id)" class="canvas" style="min-height:\(Int(height))px"></div>
    </figure>
    """
  }

  /// One colour a network, in their order: told apart by those who see few colours, and 3 : 1 or more
  /// against the page in both schemes.
  static let colors = ["#3674d9", "#d97706", "#0d9488", "#c2477f"]

  static func color(of index: Int) -> String { colors[index % colors.count] }

  /// The colour channel that tells networks apart, alike in all charts.
  static func networkColor(_ networks: [NetworkResults]) -> JSONValue {
    seriesColor(networks.map(\.title))
  }

  /// The same for lines of any titles.
  static func seriesColor(_ titles: [String]) -> JSONValue {
    series(titles, range: titles.indices.map(color))
  }

  /// A shape for each network beside its colour; both make one legend.
  static func networkShape(_ networks: [NetworkResults]) -> JSONValue {
    let shapes = ["circle", "square", "triangle-up", "diamond"]
    return series(networks.map(\.title), range: networks.indices.map { shapes[$0 % shapes.count] })
  }

  private static func series(_ titles: [String], range: [String]) -> JSONValue {
    [
      "field": "network", "type": "nominal", "title": nil,
      "scale": [
        "domain": .array(titles.map(JSONValue.string)),
        "range": .array(range.map(JSONValue.string)),
      ],
    ]
  }

  /// `currentColor` follows the page's scheme, also when it changes or is printed; a saved file, which has
  /// no scheme, shows it black.
  private static let config: JSONValue = [
    "background": nil,
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
    "view": ["stroke": nil],
    "axis": [
      "labelColor": "currentColor", "titleColor": "currentColor", "titleFontWeight": "normal",
      "domainColor": "#8b949e", "tickColor": "#8b949e", "gridColor": "#8b949e", "gridOpacity": 0.25,
      "labelFontSize": 11, "titleFontSize": 12,
    ],
    "legend": [
      "orient": "top", "direction": "horizontal", "labelColor": "currentColor",
      "titleColor": "currentColor", "labelFontSize": 12, "labelLimit": 0, "symbolStrokeWidth": 2.5,
      "symbolOpacity": 1, "symbolBaseStrokeColor": "currentColor",
      "layout": ["top": ["anchor": "start", "direction": "vertical", "margin": 2]],
    ],
  ]
}
