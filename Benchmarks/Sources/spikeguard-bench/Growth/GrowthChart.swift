import Foundation

/// Time and memory against each quantity as a picture that needs nothing else.
struct GrowthChart {
  private let record: GrowthRecord
  private let margin = (left: 52.0, top: 58.0, right: 14.0, bottom: 60.0)

  init(_ record: GrowthRecord) { self.record = record }

  var svg: String {
    let columns = GrowthQuantity.allCases
    let rows = GrowthPanel.Measure.allCases
    let cell = (
      width: margin.left + GrowthPanel.width + margin.right,
      height: GrowthPanel.height + margin.bottom
    )
    var body = legend
    for (column, quantity) in columns.enumerated() {
      let sweeps = record.sweeps.filter { $0.quantity == quantity }
      for (row, measure) in rows.enumerated() {
        let x = Double(column) * cell.width + margin.left
        let y = margin.top + Double(row) * cell.height
        guard let panel = GrowthPanel(sweeps, measure) else { continue }
        body += "<g transform=\"translate(\(SVG.number(x)),\(SVG.number(y)))\">\n\(panel.svg)</g>\n"
      }
    }
    let width = SVG.number(cell.width * Double(columns.count))
    let height = SVG.number(margin.top + cell.height * Double(rows.count))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" \
      font-family="system-ui, sans-serif" font-size="11" role="img">
      <title>Time and memory against time steps, batch, width and image size</title>
      <style>text{fill:#24292f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
      \(body)</svg>

      """
  }

  private var legend: String {
    let entries = GrowthRun.allCases.flatMap { run in GrowthSide.allCases.map { ($0, run) } }
    var out = ""
    for (index, (side, run)) in entries.enumerated() {
      let x = margin.left + Double(index) * 240
      out += "<path d=\"M\(SVG.number(x)) 16h26\" \(side.stroke(run))/>\n"
      out += SVG.label(x + 32, 20, anchor: "start", "\(side.rawValue), \(run.title)")
    }
    return out + SVG.label(margin.left + 970, 20, anchor: "start", "× not measured")
  }
}

/// Whose curve it is.
enum GrowthSide: String, CaseIterable {
  case ours = "Spikeguard"
  case peer = "best peer"

  /// Of a point; nil where this side has none.
  func number(_ point: GrowthPoint, _ number: (GrowthOutcome) -> Double?) -> Double? {
    self == .ours
      ? number(point.ours(besideBest: number))
      : point.best(number).flatMap { number($0.outcome) }
  }

  /// As in the reports' charts: told apart by those who see few colours.
  var color: String { self == .ours ? "#3674d9" : "#d97706" }

  func stroke(_ run: GrowthRun) -> String {
    "fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\""
      + (run == .evaluate ? " stroke-dasharray=\"5 4\"" : "")
  }
}

enum SVG {
  static func label(_ x: Double, _ y: Double, anchor: String, _ words: String) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(words)</text>\n"
  }

  static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
