import Curvature
import Spiking

/// The largest eigenvalue over T on logarithmic scales, a chart for each loss and matrix.
struct StepsCharts {
  let results: StepsResults

  init(_ results: StepsResults) { self.results = results }

  var charts: [Chart] {
    var losses: [MeasuredLoss] = []
    for point in results.points where !losses.contains(point.loss) { losses.append(point.loss) }
    return losses.flatMap { loss in
      StepsResults.Matrix.allCases.map { chart(loss, $0) }
    }
  }

  private func chart(_ loss: MeasuredLoss, _ matrix: StepsResults.Matrix) -> Chart {
    let points = results.points.filter {
      $0.loss == loss && $0.extreme(matrix).eigenvalue.value != 0
    }
    let steps = Set(points.map(\.steps)).sorted()
    let name = matrix == .hessian ? "J, the surrogate Hessian" : "the Gauss–Newton matrix"
    return Chart(
      id: "steps-\(loss.rawValue)-\(matrix.rawValue)", title: "\(name), loss \(loss.rawValue)",
      label: "Magnitude of the largest eigenvalue of \(name) against the number of time steps, on "
        + "logarithmic scales, a line for each kind of network",
      height: 300,
      [
        "data": [
          "values": .array(points.map { Self.row($0, $0.extreme(matrix)) })
        ],
        "encoding": [
          "x": [
            "field": "steps", "type": "quantitative", "title": "T",
            "scale": ["type": "log", "base": 2, "nice": false],
            "axis": [
              "grid": false, "format": "d", "values": .array(steps.map { .number(Double($0)) }),
            ],
          ],
          "y": [
            "field": "size", "type": "quantitative", "title": "|λ|", "scale": ["type": "log"],
            "axis": ["format": ".0e"],
          ],
          "color": [
            "field": "unit", "type": "nominal", "title": nil,
            "scale": ["range": .array(Chart.colors.map(JSONValue.string))],
          ],
        ],
        "layer": [
          [
            "mark": ["type": "line", "strokeWidth": 2],
            "encoding": [
              "strokeDash": [
                "field": "coding", "type": "nominal", "title": nil,
                "scale": ["domain": ["direct", "rate"], "range": [[1, 0], [4, 3]]],
                "legend": [
                  "symbolType": "stroke", "symbolStrokeColor": "currentColor", "symbolSize": 300,
                ],
              ]
            ],
          ],
          [
            "mark": ["type": "point", "filled": true, "opacity": 1, "size": 45, "tooltip": true],
            "encoding": ["detail": ["field": "coding"]],
          ],
        ],
      ])
  }

  private static func row(
    _ point: StepsResults.Point, _ extreme: StepsResults.Extreme
  ) -> JSONValue {
    let gradient = point.variant.temporalGradient.map { $0 == .throughTime ? "BPTT" : "SLTT" }
    return [
      "steps": .number(Double(point.steps)), "size": .number(abs(extreme.eigenvalue.value)),
      "eigenvalue": .number(extreme.eigenvalue.value),
      "residual": .number(extreme.eigenvalue.residual),
      "unit": .string(gradient.map { "SNN, \($0)" } ?? "ReLU twin"),
      "coding": .string(point.variant.coding.rawValue), "loss": .number(point.value),
    ]
  }
}
