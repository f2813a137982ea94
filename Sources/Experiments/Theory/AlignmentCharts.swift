/// The measures by layer, and the gradients' lengths by time step.
struct AlignmentCharts {
  let results: AlignmentResults

  init(_ results: AlignmentResults) { self.results = results }

  var charts: [Chart] { [measures, lengths] }

  private var names: JSONValue { .array(results.layers.map { .string($0.name) }) }

  private var measures: Chart {
    let points = results.layers.flatMap { layer in
      [
        ("mean cosine", layer.alignment.meanCosine), ("coherence", layer.alignment.coherence),
        ("common direction", layer.alignment.commonDirectionShare),
        ("rank one of G", layer.alignment.rankOneShare),
      ].compactMap { measure, value -> JSONValue? in
        value.map {
          ["layer": .string(layer.name), "measure": .string(measure), "value": .number($0)]
        }
      }
    }
    return Chart(
      id: "alignment-measures", title: "Alignment by layer",
      label:
        "Mean cosine, coherence, share along a common direction and along the sum's best matrix "
        + "of rank one, for each layer in the order in which they run", height: 300,
      [
        "data": ["values": .array(points)],
        "mark": ["type": "line", "point": ["filled": true, "size": 45], "tooltip": true],
        "encoding": [
          "x": [
            "field": "layer", "type": "nominal", "title": nil, "sort": names,
            "axis": ["labelAngle": -30],
          ],
          "y": ["field": "value", "type": "quantitative", "title": nil],
          "color": [
            "field": "measure", "type": "nominal", "title": nil,
            "scale": ["range": .array(Chart.colors.map(JSONValue.string))],
          ],
        ],
      ])
  }

  private var lengths: Chart {
    let points = results.layers.flatMap { layer in
      layer.alignment.norms.enumerated().map { step, norm -> JSONValue in
        [
          "layer": .string(layer.name), "step": .number(Double(step + 1)), "norm": .number(norm),
        ]
      }
    }
    return Chart(
      id: "alignment-lengths", title: "Length of each time step's gradient",
      label: "Norm of the gradient that comes through each time step, a line for each layer",
      height: 300,
      [
        "data": ["values": .array(points)],
        "mark": ["type": "line", "point": ["filled": true, "size": 35], "tooltip": true],
        "encoding": [
          "x": [
            "field": "step", "type": "quantitative", "title": "time step",
            "axis": ["format": "d", "tickMinStep": 1, "grid": false],
            "scale": ["nice": false, "zero": false],
          ],
          "y": ["field": "norm", "type": "quantitative", "title": "‖g[t]‖"],
          "color": [
            "field": "layer", "type": "ordinal", "title": nil, "sort": names,
            "scale": ["scheme": "viridis"],
          ],
        ],
      ])
  }
}
