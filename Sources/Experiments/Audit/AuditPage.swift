import Attacks
import Models

extension AuditResults: PagedRecord {
  public static let fileName = "audit"

  public var page: ReportPage { AuditPage(results: self).page }
}

/// An audit as a page of its own, which opens without a network and holds its records.
struct AuditPage {
  let results: AuditResults

  var page: ReportPage {
    let section = AuditSection(results)
    return ReportPage(
      title: "Spikeguard audit", subtitle: subtitle, lead: section.lead,
      sections: section.sections, charts: section.charts)
  }

  private var subtitle: String {
    ReportPage.subtitle(
      results.data, results.network, "ε = \(NumberText.epsilon(results.epsilon))",
      results.effort.rawValue, created: results.created)
  }
}

/// The audit's part of a page: verdict, flags, attacks, layers and the curve over ε.
struct AuditSection {
  let results: AuditResults

  init(_ results: AuditResults) { self.results = results }

  var lead: HTML {
    """
    <div class="finding">
    <p class="sentence">Verdict: \(results.verdict.sentence).</p>
    <ul>
    <li>Clean: \(Self.text(results.clean)).</li>
    <li>Left by attacks through its own gradient: \(Self.text(results.ownGradient)).</li>
    <li>Left by everything in the audit: \(Self.text(results.worstCase)).</li>
    </ul>
    </div>
    """
  }

  var sections: [ReportPage.Section] {
    var sections: [ReportPage.Section] = [
      .init(id: "flags", title: "Flags", body: flags),
      .init(id: "attacks", title: "Attacks", body: attacks),
      .init(id: "layers", title: "Layers", body: layers),
    ]
    if let chart = charts.first {
      sections.insert(.init(id: "sweep", title: "Accuracy against ε", body: chart.figure), at: 1)
    }
    return sections
  }

  private static func text(_ score: Score?) -> String {
    guard let score else { return "not measured" }
    return "\(NumberText.percent(score.accuracy)) (\(NumberText.interval(score))), "
      + "\(NumberText.count(score.correct)) of \(NumberText.count(score.total)) images"
  }

  private var flags: HTML {
    ReportPage.table(
      "Flags",
      caption: "Each check counts images (or layers); a flag is raised where the whole 95\u{A0}% "
        + "interval lies above what is tolerated.",
      head: [
        "Check", "State", "Found", "Share (95\u{A0}% interval)", "What is counted", "If raised",
      ],
      rows: results.flags.map { flag in
        let found =
          flag.state == .notMeasured ? "–" : "\(flag.count.successes) of \(flag.count.trials)"
        let state: HTML =
          flag.state == .raised ? "<mark>raised</mark>" : "\(flag.stateText)"
        return """
          <tr><th scope="row">\(flag.number) \(flag.title)</th><td>\(state)</td><td>\(found)</td>\
          <td>\(flag.state == .notMeasured ? "–" : flag.share)</td>\
          <td>\(flag.raisedIf); tolerated \(flag.toleranceText): \(flag.toleranceReason). \
          <small>\(flag.detail)</small></td>\
          <td>\(flag.meaning) To do: \(flag.remedy).</td></tr>
          """
      })
  }

  private var attacks: HTML {
    ReportPage.table(
      "Attacks",
      caption:
        "On the images that are classified correctly; targeted, black-box and random attacks "
        + "and further starts saw only those that others had left.",
      head: ["Attack", "Fooled", "Of"],
      rows: results.attacks.map {
        "<tr><th scope=\"row\">\($0.name)</th><td>\($0.fooled)</td><td>\($0.of)</td></tr>"
      })
  }

  private var layers: HTML {
    ReportPage.table(
      "Layers", caption: "Where the gradient of the margin dies, from the input to the output.",
      head: [
        "Layer", "Gradients that are 0 (95\u{A0}% interval)", "Images without any",
        "Neurons that never spike", "",
      ],
      rows: results.layers.map {
        """
        <tr><th scope="row">\($0.name)</th><td>\($0.zeroGradients.shareText)</td>\
        <td>\($0.imagesWithoutGradient.shareText)</td><td>\($0.silentNeurons.shareText)</td><td>\($0.isBlocked ? "blocked" : "")</td></tr>
        """
      })
  }

  /// Accuracy under the audited attack at rising ε; none where no attack was run.
  var charts: [Chart] {
    guard !results.curve.isEmpty else { return [] }
    let y: (String) -> JSONValue = { field in
      [
        "field": .string(field), "type": "quantitative", "title": "accuracy",
        "scale": ["domain": [0, 1]], "axis": ["format": ".0%"],
      ]
    }
    let label = "Accuracy under the audited attack against ε, with 95 % intervals"
    return [
      Chart(
        id: "audit-sweep", title: "Accuracy under the audited attack", label: label, height: 260,
        [
          "data": [
            "values": .array(
              results.curve.map { point in
                [
                  "epsilon255": .number(NumberText.byteSteps(point.epsilon)),
                  "accuracy": .number(point.accuracy.accuracy),
                  "low": .number(point.accuracy.low), "high": .number(point.accuracy.high),
                ]
              })
          ],
          "encoding": [
            "x": ["field": "epsilon255", "type": "quantitative", "title": "ε in 1/255"]
          ],
          "layer": [
            [
              "mark": ["type": "errorbar", "ticks": true],
              "encoding": ["y": y("low"), "y2": ["field": "high"]],
            ],
            ["mark": ["type": "line", "point": true], "encoding": ["y": y("accuracy")]],
          ],
        ])
    ]
  }
}
