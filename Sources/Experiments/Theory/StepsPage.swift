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
          id: "charts", title: "Largest eigenvalue against T", body: "\(charts.map(\.figure))"),
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
      caption: "Least squares on log |λ|: a of T^a, b of e^(bT), with 95 % intervals.",
      head: ["Network", "Loss", "Matrix", "a", "R²", "b", "R²", "What describes it"],
      rows: results.fits.map { fit in
        [
          fit.variant.title, fit.loss.rawValue + (fit.isDerived ? " (T × each-step)" : ""),
          fit.matrix.rawValue,
        ]
          + [fit.growth.power, fit.growth.exponential].flatMap { $0?.cells ?? ["–", "–"] }
          + [fit.growth.sentence]
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

extension StepsResults {
  /// Every fit as a sentence without its full stop.
  public var conclusions: [String] {
    fits.map { fit in
      let loss = fit.loss.rawValue + (fit.isDerived ? ", T × each-step" : "")
      return "\(fit.variant.title), \(loss), \(fit.matrix.rawValue): \(fit.growth.sentence)"
    }
  }
}
