import Models

extension DriftResults: PagedRecord {
  public static let fileName = "drift"

  public var page: ReportPage { DriftPage(results: self).page }
}

/// What a foreign batch did to a network, as a page that opens without a network and holds its records.
struct DriftPage {
  let results: DriftResults

  var page: ReportPage {
    let chart = DriftChart(results: results).chart
    var sections: [ReportPage.Section] = [
      .init(id: "accuracy", title: "Clean accuracy", body: accuracy(chart))
    ]
    if results.hasBatchNorm {
      sections.append(.init(id: "layers", title: "Running statistics", body: layers))
    }
    if results.before.curvature != nil {
      sections.append(.init(id: "curvature", title: "λ_max", body: curvature))
    }
    return ReportPage(
      title: "Batch-norm drift", subtitle: subtitle, lead: lead, sections: sections,
      charts: [chart])
  }

  private var subtitle: String {
    ReportPage.subtitle(
      results.test, results.network, "foreign batches: \(results.recipe.foreignBatches)",
      created: results.created)
  }

  private var lead: HTML {
    let replaced =
      results.hasBatchNorm
      ? "They replace \(NumberText.percent(results.statisticsReplaced)) of the running statistics. "
      : ""
    return """
      <p>A trained network is shown \(NumberText.count(results.recipe.foreignBatches)) foreign batch(es) of \
      \(NumberText.count(results.batchSize)) images in training: \(results.optimizer), momentum from \
      \(results.recipe.momentum.rawValue). \(replaced)Its clean test accuracy is taken with the weights and the running \
      statistics from before and after, in every combination.</p>
      \(results.notes.map { "<p>\($0)</p>" as HTML })
      """
  }

  private func accuracy(_ chart: Chart) -> HTML {
    var rows = [
      ReportPage.row([
        "before", "", "", "", Self.text(results.before), Self.text(results.beforeRecomputed),
      ])
    ]
    rows += results.kinds.map { kind in
      ReportPage.row([
        kind.kind.rawValue + (kind.isNative ? " (as trained)" : ""),
        "\(NumberText.decimal(100 * kind.weightsMoved, 3))\u{A0}%", Self.text(kind.statisticsOnly),
        Self.text(kind.weightsOnly), Self.text(kind.both), Self.text(kind.recomputed),
      ])
    }
    return """
      \(ReportPage.grid([chart]))
      \(ReportPage.table(
        "Clean accuracy",
        caption: "Share of clean test images that are classified correctly, with 95\u{A0}% Wilson intervals in per cent.",
        head: [
          "Batch", "Weights moved by", "Only statistics moved", "Only weights moved", "Both",
          "Both, statistics made anew",
        ], rows: rows))
      """
  }

  private static func text(_ state: DriftResults.State?) -> String {
    guard let score = state?.score else { return "–" }
    return "\(NumberText.percent(score.accuracy)) (\(NumberText.interval(score)))"
  }

  private var layers: HTML {
    ReportPage.table(
      "Running statistics",
      caption:
        "How far each batch norm’s running statistics moved: root mean square over channels of |Δμ|/σ, and the "
        + "geometric mean of the variances’ ratio with its range.",
      head: ["Layer", "Batch", "|Δμ|/σ", "Largest", "σ′²/σ²", "Smallest", "Largest"],
      rows: results.kinds.flatMap { kind in
        kind.layers.map { layer in
          ReportPage.row(
            [layer.layer, kind.kind.rawValue]
              + [
                layer.meanShift, layer.largestMeanShift, layer.varianceRatio,
                layer.smallestVarianceRatio, layer.largestVarianceRatio,
              ].map { NumberText.decimal($0, 3) })
        }
      })
  }

  private var curvature: HTML {
    func text(_ state: DriftResults.State?) -> String {
      guard let reading = state?.curvature else { return "–" }
      guard let value = reading.value else { return reading.failure ?? "–" }
      return NumberText.significant(value) + (reading.converged ? "" : " (not converged)")
    }
    return ReportPage.table(
      "λ_max",
      caption:
        "Largest eigenvalue of the Hessian of the loss in evaluation mode, on the first training images.",
      head: [
        "Batch", "Only statistics moved", "Only weights moved", "Both",
        "Both, statistics made anew",
      ],
      rows: [
        ReportPage.row(["before", "", "", text(results.before), text(results.beforeRecomputed)])
      ]
        + results.kinds.map { kind in
          ReportPage.row(
            [kind.kind.rawValue]
              + [kind.statisticsOnly, kind.weightsOnly, kind.both, kind.recomputed].map(text))
        })
  }
}

/// Clean accuracy by kind of batch, a mark for each road.
struct DriftChart {
  let results: DriftResults

  var chart: Chart {
    let roads: [(name: String, state: KeyPath<DriftResults.Kind, DriftResults.State?>)] = [
      ("only statistics", \.statisticsOnly), ("only weights", \.weightsOnly),
      ("both", \.optionalBoth), ("statistics made anew", \.recomputed),
    ]
    let points = results.kinds.flatMap { kind in
      roads.compactMap { road -> JSONValue? in
        guard let score = kind[keyPath: road.state]?.score else { return nil }
        return [
          "kind": .string(kind.kind.rawValue), "road": .string(road.name),
          "accuracy": .number(score.accuracy), "low": .number(score.low),
          "high": .number(score.high),
        ]
      }
    }
    let titles = roads.map(\.name)
    let y: JSONValue = [
      "type": "quantitative", "title": "clean accuracy", "scale": ["domain": [0, 1]],
      "axis": ["format": ".0%"],
    ]
    return Chart(
      id: "drift", title: "Clean accuracy after the foreign batch",
      label: "Clean accuracy with 95 % intervals by kind of foreign batch, a mark for each of: "
        + NumberText.list(titles), height: 260,
      [
        "data": ["values": .array(points)],
        "encoding": [
          "x": [
            "field": "kind", "type": "nominal", "title": nil, "sort": nil,
            "axis": ["labelAngle": 0],
          ],
          "xOffset": ["field": "road", "sort": .array(titles.map(JSONValue.string))],
          "color": Chart.seriesColor(titles).merging(["field": "road"]),
        ],
        "layer": [
          [
            "mark": ["type": "errorbar", "ticks": true],
            "encoding": [
              "y": JSONValue.object(["field": "low"]).merging(y), "y2": ["field": "high"],
            ],
          ],
          [
            "mark": ["type": "point", "filled": true, "size": 50, "tooltip": ["content": "data"]],
            "encoding": ["y": JSONValue.object(["field": "accuracy"]).merging(y)],
          ],
          [
            "data": ["values": [["before": .number(results.before.score.accuracy)]]],
            "mark": ["type": "rule", "strokeDash": [4, 3], "color": "currentColor"],
            "encoding": [
              "y": ["field": "before", "type": "quantitative"], "x": nil, "xOffset": nil,
              "color": nil,
            ],
          ],
        ],
      ])
  }
}

extension DriftResults.Kind {
  fileprivate var optionalBoth: DriftResults.State? { both }
}
