/// An evaluation's accuracies with their 95 % intervals: by stage, by ε, by steps, by where the images were made.
struct EvaluationCharts {
  let results: EvaluationResults

  /// None where nothing was measured.
  var stages: [Chart] {
    guard let clean = results.clean, !results.stageGroups.isEmpty else { return [] }
    let points =
      [Self.point("clean", "suite", clean)]
      + results.stageGroups.map { Self.point($0.name, "suite", $0.robust) }
    let names = ["clean"] + results.stageGroups.map(\.name)
    return [
      chart(
        "stages", "Accuracy after each stage", points,
        x: [
          "field": "x", "type": "nominal", "title": nil, "sort": Self.strings(names),
          "axis": ["labelAngle": -30],
        ], isLine: true)
    ]
  }

  var epsilonSweep: [Chart] {
    guard !results.epsilonSweep.isEmpty else { return [] }
    let points = results.epsilonSweep.map {
      Self.point(NumberText.byteSteps($0.epsilon), $0.attack, $0.score)
    }
    return [
      chart(
        "epsilon-sweep", "Accuracy against ε", points, x: Self.quantity("ε in 1/255"), isLine: true)
    ]
  }

  var stepSweep: [Chart] {
    guard !results.stepSweep.isEmpty else { return [] }
    let points = results.stepSweep.map { row -> JSONValue in
      guard case .pgd(_, _, let steps, _, _) = row.settings else { return nil }
      return Self.point(Double(steps), "PGD", row.score)
    }
    return [
      chart(
        "step-sweep", "Accuracy against the steps of PGD", points, x: Self.quantity("steps"),
        isLine: true)
    ]
  }

  var blackBox: [Chart] {
    guard !results.blackBox.isEmpty else { return [] }
    let points = results.blackBox.map {
      Self.point($0.substitute ?? Self.itself, $0.score.attack, $0.score.score)
    }
    let names = results.blackBox.map { $0.substitute ?? Self.itself }
    return [
      chart(
        "black-box", "White box against black box", points,
        x: [
          "field": "x", "type": "nominal", "title": "images made on", "sort": Self.strings(names),
          "axis": ["labelAngle": -20],
        ], isLine: false)
    ]
  }

  static let itself = "the network itself"

  private func chart(
    _ id: String, _ title: String, _ points: [JSONValue], x: JSONValue, isLine: Bool
  ) -> Chart {
    let color: JSONValue = [
      "field": "attack", "type": "nominal", "title": nil,
      "scale": ["range": Self.strings(Chart.colors)],
    ]
    let line: [JSONValue] =
      isLine
      ? [["mark": ["type": "line", "strokeWidth": 2], "encoding": ["y": Self.y("accuracy")]]] : []
    return Chart(
      id: id, title: title,
      label: "\(title), with 95 % intervals, on \(results.data.count) images", height: 320,
      [
        "data": ["values": .array(points)],
        "encoding": ["x": x, "color": color],
        "layer": .array(
          [
            [
              "mark": ["type": "errorbar", "ticks": true],
              "encoding": ["y": Self.y("low"), "y2": ["field": "high"]],
            ]
          ] + line + [
            [
              "mark": ["type": "point", "filled": true, "opacity": 1, "size": 55],
              "encoding": ["y": Self.y("accuracy"), "tooltip": Self.tooltip],
            ]
          ]),
      ])
  }

  private static func point(_ x: String, _ attack: String, _ score: Score) -> JSONValue {
    point(.string(x), attack, score)
  }

  private static func point(_ x: Double, _ attack: String, _ score: Score) -> JSONValue {
    point(.number(x), attack, score)
  }

  private static func point(_ x: JSONValue, _ attack: String, _ score: Score) -> JSONValue {
    [
      "x": x, "attack": .string(attack), "accuracy": .number(score.accuracy),
      "low": .number(score.low), "high": .number(score.high),
      "correct": .number(Double(score.correct)), "total": .number(Double(score.total)),
    ]
  }

  private static func quantity(_ title: String) -> JSONValue {
    [
      "field": "x", "type": "quantitative", "title": .string(title), "axis": ["grid": false],
      "scale": ["nice": false, "padding": 12],
    ]
  }

  private static func strings(_ values: [String]) -> JSONValue {
    .array(values.map(JSONValue.string))
  }

  private static func y(_ field: String) -> JSONValue {
    [
      "field": .string(field), "type": "quantitative", "title": "accuracy",
      "scale": ["domain": [0, 1]], "axis": ["format": ".0%"],
    ]
  }

  private static let tooltip: JSONValue = [
    ["field": "attack", "type": "nominal"],
    ["field": "accuracy", "type": "quantitative", "format": ".1%"],
    ["field": "low", "type": "quantitative", "format": ".1%", "title": "95 % from"],
    ["field": "high", "type": "quantitative", "format": ".1%", "title": "to"],
    ["field": "correct", "type": "quantitative"], ["field": "total", "type": "quantitative"],
  ]
}
