/// Accuracy against ε with 95 % intervals, a chart for each attack of the sweep.
struct SweepCharts {
  let networks: [NetworkResults]

  /// None where nothing was swept.
  var charts: [Chart] {
    var attacks: [String] = []
    for attack in networks.flatMap(\.sweep).map(\.attack) where !attacks.contains(attack) {
      attacks.append(attack)
    }
    return attacks.enumerated().map { chart($1, number: $0 + 1) }
  }

  private func chart(_ attack: String, number: Int) -> Chart {
    Chart(
      id: "sweep-\(number)", title: "Accuracy under \(attack)",
      label: "Accuracy under \(attack) against the perturbation’s bound ε, with 95 % intervals, "
        + "for each of: " + NumberText.list(networks.map(\.title)),
      height: 320,
      [
        "data": ["values": .array(points(attack))],
        "encoding": [
          "x": [
            "field": "epsilon255", "type": "quantitative", "title": "ε in 1/255",
            "axis": ["grid": false], "scale": ["nice": false, "padding": 12],
          ],
          "color": Chart.networkColor(networks),
        ],
        "layer": [
          ["mark": ["type": "area", "opacity": 0.15], "encoding": Self.interval],
          ["mark": ["type": "errorbar", "ticks": true], "encoding": Self.interval],
          [
            "mark": ["type": "line", "strokeWidth": 2],
            "encoding": ["y": Self.y("accuracy")],
          ],
          [
            "mark": ["type": "point", "filled": true, "opacity": 1, "size": 55],
            "encoding": [
              "y": Self.y("accuracy"),
              "shape": Chart.networkShape(networks),
              "tooltip": Self.tooltip,
            ],
          ],
        ],
      ])
  }

  private func points(_ attack: String) -> [JSONValue] {
    networks.flatMap { network in
      network.sweep.filter { $0.attack == attack }.map { point in
        [
          "network": .string(network.title),
          "epsilon255": .number(NumberText.byteSteps(point.epsilon)),
          "accuracy": .number(point.score.accuracy),
          "low": .number(point.score.low), "high": .number(point.score.high),
          "correct": .number(Double(point.score.correct)),
          "total": .number(Double(point.score.total)),
        ]
      }
    }
  }

  private static let interval: JSONValue = ["y": y("low"), "y2": ["field": "high"]]

  private static func y(_ field: String) -> JSONValue {
    [
      "field": .string(field), "type": "quantitative", "title": "accuracy",
      "scale": ["domain": [0, 1]], "axis": ["format": ".0%"],
    ]
  }

  private static let tooltip: JSONValue = [
    ["field": "network", "type": "nominal"],
    ["field": "epsilon255", "type": "quantitative", "title": "ε in 1/255"],
    ["field": "accuracy", "type": "quantitative", "format": ".1%"],
    ["field": "low", "type": "quantitative", "format": ".1%", "title": "95 % from"],
    ["field": "high", "type": "quantitative", "format": ".1%", "title": "to"],
    ["field": "correct", "type": "quantitative"], ["field": "total", "type": "quantitative"],
  ]
}
