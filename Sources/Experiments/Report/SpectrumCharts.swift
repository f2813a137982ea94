import Foundation

/// Singular values of each layer's gradient before and after deflation, a chart for each layer.
struct SpectrumCharts {
  let networks: [NetworkResults]

  /// Below this share of a layer's largest value a singular value in float32 is rounding: not drawn.
  static let floor = 1e-6

  /// None where no spectrum was recorded.
  var charts: [Chart] {
    var layers: [String] = []
    for layer in networks.flatMap(\.spectra).map(\.layer) where !layers.contains(layer) {
      layers.append(layer)
    }
    return layers.enumerated().map { chart($1, number: $0 + 1) }
  }

  private func chart(_ layer: String, number: Int) -> Chart {
    let points = points(layer)
    return Chart(
      id: "spectrum-\(number)", title: layer,
      label: "Singular values of the gradient of \(layer) by rank, on logarithmic scales, "
        + "before and after deflation, for each of: " + NumberText.list(networks.map(\.title)),
      [
        "data": ["values": .array(points.map(\.row))],
        "encoding": [
          "x": [
            "field": "rank", "type": "quantitative", "title": "rank",
            "scale": ["type": "log", "base": 2, "nice": false],
            "axis": [
              "grid": false, "format": "d",
              "values": Self.powers(of: 2, around: points.map { Double($0.rank) }),
            ],
          ],
          "y": [
            "field": "value", "type": "quantitative", "title": "singular value",
            "scale": ["type": "log", "nice": true],
            "axis": ["format": ".0e", "values": Self.powers(of: 10, around: points.map(\.value))],
          ],
          "color": Chart.networkColor(networks),
        ],
        "layer": [
          [
            "mark": ["type": "line", "strokeWidth": 2],
            "encoding": ["strokeDash": Self.dash],
          ],
          ["mark": ["type": "point", "filled": true, "opacity": 1, "size": 14, "tooltip": true]],
        ],
      ])
  }

  private static let dash: JSONValue = [
    "field": "gradient", "type": "nominal", "title": nil,
    "scale": ["domain": ["before", "after"], "range": [[1, 0], [4, 3]]],
    "legend": ["symbolType": "stroke", "symbolStrokeColor": "currentColor", "symbolSize": 300],
  ]

  /// The powers from the one below the values to the one above.
  private static func powers(of base: Double, around values: [Double]) -> JSONValue {
    guard let least = values.min(), let most = values.max() else { return [] }
    let exponents =
      Int((log(least) / log(base)).rounded(.down))...Int((log(most) / log(base)).rounded(.up))
    return .array(exponents.map { .number(pow(base, Double($0))) })
  }

  private struct Point {
    let network: String
    let gradient: String
    let rank: Int
    let value: Double

    var row: JSONValue {
      [
        "network": .string(network), "gradient": .string(gradient),
        "rank": .number(Double(rank)), "value": .number(value),
      ]
    }
  }

  private func points(_ layer: String) -> [Point] {
    networks.flatMap { network in
      network.spectra.filter { $0.layer == layer }.flatMap { spectrum in
        let least = Self.floor * (spectrum.before.max() ?? 0)
        return [("before", spectrum.before), ("after", spectrum.after)].flatMap { name, values in
          values.enumerated().filter { $1 > least }.map { index, value in
            Point(network: network.title, gradient: name, rank: index + 1, value: value)
          }
        }
      }
    }
  }
}
