/// The leading singular value's share of each layer's gradient, and λ_max, against the training step, a line for each
/// run.
struct GradientHistoryCharts {
  let history: GradientHistory

  /// One for each layer that some run measured.
  var shares: [Chart] {
    var layers: [String] = []
    for layer in history.runs.flatMap(\.layers) where !layers.contains(layer) {
      layers.append(layer)
    }
    return layers.enumerated().map { number, layer in
      let points = history.runs.flatMap { run in
        run.spectra.flatMap { spectrum in
          spectrum.layers.filter { $0.name == layer }.map { found -> JSONValue in
            [
              "network": .string(run.title), "step": .number(Double(spectrum.step)),
              "value": .number(found.energyShare), "sigma1": .number(found.sigma1),
              "nuclearShare": found.nuclearShare.map(JSONValue.number) ?? .null,
              "batch": .string(spectrum.isForeign ? "foreign" : "native"),
            ]
          }
        }
      }
      return chart(
        points, id: "share-\(number + 1)", title: layer,
        label: "Share of the squared gradient of \(layer) in its leading singular term",
        y: ["scale": ["domain": [0, 1]], "axis": ["format": ".0%", "tickCount": 5]])
    }
  }

  /// None where no run measured λ_max.
  var curvature: Chart? {
    let points = history.runs.flatMap { run in
      run.curvature.compactMap { reading in
        reading.value.map { value -> JSONValue in
          [
            "network": .string(run.title), "step": .number(Double(reading.step)),
            "value": .number(value), "residual": reading.residual.map(JSONValue.number) ?? .null,
          ]
        }
      }
    }
    guard !points.isEmpty else { return nil }
    return chart(
      points, id: "curvature", title: "λ_max on the run’s fixed images",
      label: "Largest Hessian eigenvalue of the loss",
      y: ["scale": ["zero": true], "axis": ["format": "~g", "tickCount": 5]])
  }

  private func chart(
    _ points: [JSONValue], id: String, title: String, label: String, y: JSONValue
  ) -> Chart {
    let titles = history.runs.map(\.title)
    let value: JSONValue = ["field": "value", "type": "quantitative", "title": nil]
    return Chart(
      id: id, title: title,
      label: label + ", by training step, a line for each of: " + NumberText.list(titles),
      [
        "data": ["values": .array(points)],
        "mark": [
          "type": "line", "strokeWidth": 1.5, "tooltip": ["content": "data"],
          "point": ["size": 12, "filled": true],
        ],
        "encoding": [
          "x": [
            "field": "step", "type": "quantitative", "title": "step", "axis": ["grid": false],
          ],
          "y": value.merging(y),
          "color": Chart.seriesColor(titles),
        ],
      ])
  }
}
