import Foundation

/// Time and memory against each quantity, both axes logarithmic, as a picture that needs nothing else.
struct GrowthChart {
  private let record: GrowthRecord
  private let panel = (width: 215.0, height: 170.0)
  private let margin = (left: 52.0, top: 58.0, right: 14.0, bottom: 60.0)
  /// As the reports' charts: told apart by those who see few colours.
  private let colors = ["#3674d9", "#d97706"]

  init(_ record: GrowthRecord) { self.record = record }

  var svg: String {
    let columns = GrowthQuantity.allCases
    let cell = (
      width: margin.left + panel.width + margin.right,
      height: panel.height + margin.bottom
    )
    let (width, height) = (
      cell.width * Double(columns.count), margin.top + 2 * cell.height
    )
    var body = legend
    for (column, quantity) in columns.enumerated() {
      for (row, measure) in Measure.allCases.enumerated() {
        let x = Double(column) * cell.width + margin.left
        let y = margin.top + Double(row) * cell.height
        body += "<g transform=\"translate(\(text(x)),\(text(y)))\">\n"
        body += draw(quantity, measure) + "</g>\n"
      }
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(text(width)) \(text(height))" \
      font-family="system-ui, sans-serif" font-size="11" role="img">
      <title>Time and memory against time steps, batch, width and image size</title>
      <style>text{fill:#24292f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
      \(body)</svg>

      """
  }

  private enum Measure: String, CaseIterable {
    case time = "milliseconds"
    case memory = "MiB above idle"

    func value(_ outcome: GrowthOutcome) -> Double? {
      self == .time ? outcome.seconds.map { $0 * 1e3 } : outcome.addedBytes.map { $0 / 1_048_576 }
    }
  }

  private struct Line {
    let side: Int
    let run: GrowthRun
    let points: [(x: Double, y: Double)]
  }

  private func lines(_ quantity: GrowthQuantity, _ measure: Measure) -> [Line] {
    record.sweeps.filter { $0.quantity == quantity }.flatMap { sweep in
      [0, 1].map { side in
        Line(
          side: side, run: sweep.run,
          points: sweep.points.compactMap { point in
            let outcome = side == 0 ? point.ours : point.peer
            guard let y = measure.value(outcome), y > 0 else { return nil }
            return (point.value, y)
          })
      }
    }
  }

  private func draw(_ quantity: GrowthQuantity, _ measure: Measure) -> String {
    let lines = lines(quantity, measure)
    let xs = record.sweeps.filter { $0.quantity == quantity }.flatMap { $0.points.map(\.value) }
    let ys = lines.flatMap { $0.points.map(\.y) }
    guard let left = xs.min(), let right = xs.max(), let low = ys.min(), let high = ys.max() else {
      return ""
    }
    let decades =
      Int(
        log10(low).rounded(.down))...max(
        Int(log10(high).rounded(.up)), Int(log10(low).rounded(.down)) + 1)
    let x = { (v: Double) in left == right ? 0 : log(v / left) / log(right / left) * panel.width }
    let y = { (v: Double) in
      panel.height
        * (1 - (log10(v) - Double(decades.lowerBound)) / Double(decades.count - 1))
    }
    var out = ""
    for decade in decades {
      let height = text(y(pow(10, Double(decade))))
      out += "<path d=\"M0 \(height)H\(text(panel.width))\" stroke=\"#8b949e\" opacity=\".3\"/>\n"
      out += label(
        -6, y(pow(10, Double(decade))) + 4, anchor: "end", number(pow(10, Double(decade))))
    }
    for value in Set(xs).sorted() {
      out += label(x(value), panel.height + 15, anchor: "middle", number(value))
    }
    out += label(panel.width / 2, panel.height + 31, anchor: "middle", quantity.rawValue)
    out += label(-margin.left + 6, -8, anchor: "start", measure.rawValue)
    for line in lines where !line.points.isEmpty {
      let path = line.points.map { "\(text(x($0.x))) \(text(y($0.y)))" }.joined(separator: "L")
      out += "<path d=\"M\(path)\" fill=\"none\" \(style(line.side, line.run))/>\n"
      for point in line.points {
        out += "<circle cx=\"\(text(x(point.x)))\" cy=\"\(text(y(point.y)))\" r=\"2.5\" "
        out += "fill=\"\(colors[line.side])\"/>\n"
      }
    }
    return out
  }

  private func style(_ side: Int, _ run: GrowthRun) -> String {
    "stroke=\"\(colors[side])\" stroke-width=\"2\""
      + (run == .evaluate ? " stroke-dasharray=\"5 4\"" : "")
  }

  private var legend: String {
    var out = ""
    for (index, entry) in [(0, GrowthRun.step), (1, .step), (0, .evaluate), (1, .evaluate)]
      .enumerated()
    {
      let x = margin.left + Double(index) * 270
      let name = entry.0 == 0 ? "Spikeguard" : "SpikingJelly"
      out += "<path d=\"M\(text(x)) 16h26\" \(style(entry.0, entry.1))/>\n"
      out += label(x + 32, 20, anchor: "start", "\(name), \(entry.1.title)")
    }
    return out
  }

  private func label(_ x: Double, _ y: Double, anchor: String, _ words: String) -> String {
    "<text x=\"\(text(x))\" y=\"\(text(y))\" text-anchor=\"\(anchor)\">\(words)</text>\n"
  }

  private func number(_ value: Double) -> String { String(format: "%g", value) }
  private func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
