/// Loss, accuracy and spike rate against the training step, all networks in each.
struct TrainingCharts {
  let networks: [NetworkResults]

  /// None where no curve was recorded.
  var charts: [Chart] {
    guard networks.contains(where: { !$0.curve.isEmpty }) else { return [] }
    return [
      chart(\.loss, id: "loss", title: "Loss", format: "~g", fromZero: false),
      chart(\.accuracy, id: "accuracy", title: "Training accuracy", format: ".0%", fromZero: false),
      chart(\.spikeRate, id: "spike-rate", title: "Spike rate", format: "~%", fromZero: true),
    ]
  }

  private func chart(
    _ value: KeyPath<CurvePoint, Double>, id: String, title: String, format: String, fromZero: Bool
  ) -> Chart {
    let points = networks.flatMap { network in
      network.curve.map { point -> JSONValue in
        [
          "network": .string(network.title), "step": .number(Double(point.step)),
          "value": .number(point[keyPath: value]),
        ]
      }
    }
    return Chart(
      id: id, title: title,
      label: "\(title) by training step, a line for each of: "
        + NumberText.list(networks.map(\.title)),
      [
        "data": ["values": .array(points)],
        "mark": ["type": "line", "strokeWidth": 2, "tooltip": true],
        "encoding": [
          "x": [
            "field": "step", "type": "quantitative", "title": "step", "axis": ["grid": false],
          ],
          "y": [
            "field": "value", "type": "quantitative", "title": nil,
            "scale": ["zero": .bool(fromZero)],
            "axis": ["format": .string(format), "tickCount": 5],
          ],
          "color": Chart.networkColor(networks),
        ],
      ])
  }
}
