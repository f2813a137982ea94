import Curvature

/// The eigenvalues of every batch, and the spectral densities.
struct CurvatureCharts {
  let results: CurvatureResults

  /// Densities below this share of the largest are not drawn: a logarithmic axis has no 0.
  static let floor = 1e-6

  var charts: [Chart] { [eigenvalues] + [density].compactMap(\.self) }

  var eigenvalues: Chart {
    let rows = results.inferences.flatMap { inference in
      inference.batches.enumerated().flatMap { index, batch in
        batch.eigenvalues.enumerated().map { rank, eigenvalue -> JSONValue in
          [
            "inference": .string(inference.kind.title), "batch": .number(Double(index + 1)),
            "rank": .number(Double(rank + 1)), "value": .number(eigenvalue.value),
            "residual": .number(eigenvalue.residual), "converged": .bool(eigenvalue.converged),
          ]
        }
      }
    }
    return Chart(
      id: "curvature-eigenvalues", title: "Top eigenvalues, a point for each batch",
      label: "The top \(results.settings.count) eigenvalues of each batch by rank, for "
        + NumberText.list(results.inferences.map(\.kind.title)),
      [
        "data": ["values": .array(rows)],
        "mark": ["type": "point", "filled": true, "size": 45, "opacity": 0.8, "tooltip": true],
        "encoding": [
          "x": [
            "field": "rank", "type": "ordinal", "title": "rank", "axis": ["labelAngle": 0],
          ],
          "xOffset": ["field": "inference", "type": "nominal", "sort": nil],
          "y": ["field": "value", "type": "quantitative", "title": "eigenvalue"],
          "color": color, "shape": shape,
        ],
      ])
  }

  /// None where it was not measured, or where there is no curvature.
  var density: Chart? {
    let curves = results.inferences.compactMap { inference in
      inference.density.map { (inference.kind.title, $0.smoothed) }
    }
    let rows = curves.flatMap { title, curve in
      let least = Self.floor * (curve.density.max() ?? 0)
      // A gap where there is next to nothing, and no line across it.
      return zip(curve.eigenvalues, curve.density).map { eigenvalue, density -> JSONValue in
        [
          "inference": .string(title), "value": .number(eigenvalue),
          "density": density > least ? .number(density) : nil,
        ]
      }
    }
    guard !rows.isEmpty else { return nil }
    return Chart(
      id: "curvature-density", title: "Spectral density of the first batch",
      label: "Spectral density against the eigenvalue, on a logarithmic scale, for "
        + NumberText.list(curves.map(\.0)), height: 280,
      [
        "data": ["values": .array(rows)],
        "mark": ["type": "line", "strokeWidth": 1.5],
        "encoding": [
          "x": ["field": "value", "type": "quantitative", "title": "eigenvalue"],
          "y": [
            "field": "density", "type": "quantitative", "title": "density",
            "scale": ["type": "log"], "axis": ["format": ".0e", "tickCount": 6],
          ],
          "color": color,
        ],
      ])
  }

  private var color: JSONValue {
    series(results.inferences.indices.map(Chart.color))
  }

  private var shape: JSONValue {
    series(["circle", "square", "triangle-up"])
  }

  private func series(_ range: [String]) -> JSONValue {
    [
      "field": "inference", "type": "nominal", "title": nil,
      "scale": [
        "domain": .array(results.inferences.map { .string($0.kind.title) }),
        "range": .array(range.prefix(results.inferences.count).map(JSONValue.string)),
      ],
    ]
  }
}
