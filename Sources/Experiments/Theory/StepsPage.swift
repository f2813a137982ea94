import Curvature
import Models

/// Curvature against the number of time steps as a page of its own, which opens offline and holds its records.
public struct StepsPage {
  let results: StepsResults
  let vegaBundle: String

  /// - Parameter vegaBundle: the script of ``VegaBundle``.
  public init(_ results: StepsResults, vegaBundle: String) {
    self.results = results
    self.vegaBundle = vegaBundle
  }

  /// - Throws: ``VegaBundleError`` where the script cannot stand in a page.
  public func html() throws -> String {
    try VegaBundle.check(vegaBundle, name: "the chart library")
    let charts = StepsCharts(results).charts
    let page = ReportPage(
      title: "Curvature against T", subtitle: subtitle, lead: lead,
      sections: [
        .init(
          id: "charts", title: "Largest eigenvalue against T", body: ReportPage.grid(charts)),
        .init(id: "laws", title: "Laws of growth", body: laws),
        .init(id: "points", title: "Points", body: points),
      ], charts: charts, records: try results.inlineJSON(), recordsName: "steps.json")
    return try page.html(vegaBundle: vegaBundle)
  }

  private var subtitle: String {
    [
      results.data.name, results.network.model.rawValue.uppercased(),
      results.weights ?? "built from settings", results.created,
    ].joined(separator: " · ")
  }

  private var lead: HTML {
    """
    <div class="finding">
    <ul>
    \(results.conclusions.map { "<li>\($0).</li>" as HTML })
    </ul>
    <p>To know: \(results.notes.joined(separator: "; ")).</p>
    </div>
    """
  }

  private var laws: HTML {
    RecordTable(
      name: "Laws of growth",
      caption: "Least squares on log |λ|: a of T^a, b of e^(bT); the 95 % intervals are of the "
        + "points' distance from the law, on one seed.",
      head: ["Network", "Loss", "Matrix", "a", "R²", "b", "R²", "What describes it"],
      rows: results.fits.map { fit in
        [
          fit.variant.title, fit.loss.rawValue + (fit.isDerived ? " (T × each-step)" : ""),
          fit.matrix.rawValue,
        ]
          + [fit.growth.power, fit.growth.exponential].flatMap { $0?.cells ?? ["–", "–"] }
          + [fit.sentence]
      }
    ).html
  }

  private var points: HTML {
    RecordTable(
      name: "Points", caption: "Every network that was measured, with residuals ‖Hx − λx‖.",
      head: [
        "Network", "T", "Loss", "λ of J", "residual", "products", "λ of Gauss–Newton", "residual",
        "products", "asymmetry of J", "value of the loss", "‖gradient‖", "spike rate",
      ],
      rows: results.points.map { point in
        [point.variant.title, "\(point.steps)", point.loss.rawValue]
          + [point.hessian, point.gaussNewton].flatMap {
            [
              NumberText.significant($0.eigenvalue.value),
              NumberText.significant($0.eigenvalue.residual), "\($0.products)",
            ]
          } + [
            NumberText.significant(point.asymmetry.value), NumberText.significant(point.value),
            NumberText.significant(point.gradientNorm), NumberText.percent(point.spikeRate),
          ]
      }
    ).html
  }
}

extension GrowthFit {
  /// Exponent with its interval, and R².
  public var cells: [String] {
    [Growth.text(self), r2.map { NumberText.decimal($0, 3) } ?? "–"]
  }
}

extension StepsResults.Fit {
  /// What describes the growth, and of a summed loss how much of it is the sum's.
  public var sentence: String {
    guard loss == .summed, let power = growth.power, growth.verdict != .tooFewPoints else {
      return growth.sentence
    }
    let rest = [power.exponent, power.low, power.high].map {
      NumberText.decimal($0 - 1, 3).replacing("-", with: "−")
    }
    return growth.sentence + "; 1 of a is the sum's own doing, which leaves the network "
      + "\(rest[0]) (\(rest[1]) to \(rest[2]))"
      + (power.admits(1) ? ", not to be told from none" : "")
  }
}

extension StepsResults {
  /// Every fit as a sentence without its full stop.
  public var conclusions: [String] {
    fits.map { fit in
      let loss = fit.loss.rawValue + (fit.isDerived ? ", T × each-step" : "")
      return "\(fit.variant.title), \(loss), \(fit.matrix.rawValue): \(fit.sentence)"
    }
  }
}
