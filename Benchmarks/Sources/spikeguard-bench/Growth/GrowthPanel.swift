import Foundation

/// One measure against one quantity, both axes logarithmic: a line for each side and run.
struct GrowthPanel {
  enum Measure: String, CaseIterable {
    case time = "milliseconds"
    case memory = "MiB above idle"

    func value(_ outcome: GrowthOutcome) -> Double? {
      let value =
        self == .time ? outcome.seconds.map { $0 * 1e3 } : outcome.addedBytes.map { $0 / 1_048_576 }
      return value.flatMap { $0 > 0 ? $0 : nil }
    }
  }

  static let width = 215.0
  static let height = 170.0

  private let sweeps: [GrowthSweep]
  private let measure: Measure
  private let values: [Double]
  /// Powers of ten, at least two.
  private let decades: ClosedRange<Int>

  /// Nil where nothing was measured.
  init?(_ sweeps: [GrowthSweep], _ measure: Measure) {
    let points = sweeps.flatMap(\.points)
    let numbers = points.flatMap { point in
      GrowthSide.allCases.compactMap { $0.number(point, measure.value) }
    }
    guard let low = numbers.min(), let high = numbers.max() else { return nil }
    (self.sweeps, self.measure) = (sweeps, measure)
    values = Set(points.map(\.value)).sorted()
    let first = Int(log10(low).rounded(.down))
    decades = first...max(Int(log10(high).rounded(.up)), first + 1)
  }

  private func x(_ value: Double) -> Double {
    let (first, last) = (values.first!, values.last!)
    return first == last ? 0 : log(value / first) / log(last / first) * Self.width
  }

  private func y(_ number: Double) -> Double {
    let share = (log10(number) - Double(decades.lowerBound)) / Double(decades.count - 1)
    return Self.height * (1 - share)
  }

  var svg: String {
    var out = axes
    for sweep in sweeps {
      for side in GrowthSide.allCases { out += line(sweep, side) }
    }
    return out
  }

  private var axes: String {
    var out = ""
    for decade in decades {
      let number = pow(10, Double(decade))
      let height = SVG.number(y(number))
      out +=
        "<path d=\"M0 \(height)H\(SVG.number(Self.width))\" stroke=\"#8b949e\" opacity=\".3\"/>\n"
      out += SVG.label(-6, y(number) + 4, anchor: "end", String(format: "%g", number))
    }
    for value in values {
      out += SVG.label(
        x(value), Self.height + 15, anchor: "middle", String(format: "%g", value))
    }
    out += SVG.label(
      Self.width / 2, Self.height + 31, anchor: "middle", sweeps[0].quantity.rawValue)
    return out + SVG.label(-46, -10, anchor: "start", measure.rawValue)
  }

  /// A point without numbers is a cross at the upper edge.
  private func line(_ sweep: GrowthSweep, _ side: GrowthSide) -> String {
    var (path, marks) = ([String](), "")
    for point in sweep.points {
      let place = SVG.number(x(point.value))
      guard let number = side.number(point, measure.value) else {
        let d = "M\(place) 0m-4 -4l8 8m0 -8l-8 8"
        marks += "<path d=\"\(d)\" stroke=\"\(side.color)\" stroke-width=\"1.5\"/>\n"
        continue
      }
      path.append("\(place) \(SVG.number(y(number)))")
      marks += "<circle cx=\"\(place)\" cy=\"\(SVG.number(y(number)))\" r=\"2.5\" "
      marks += "fill=\"\(side.color)\"/>\n"
    }
    guard path.count > 1 else { return marks }
    return "<path d=\"M\(path.joined(separator: "L"))\" \(side.stroke(sweep.run))/>\n" + marks
  }
}
