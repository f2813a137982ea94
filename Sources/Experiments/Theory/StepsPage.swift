import Curvature
import Models

extension StepsResults: PagedRecord {
  public static let fileName = "steps"

  public var page: ReportPage { StepsPage(results: self).page }
}

/// Curvature against the number of time steps as a page of its own, which opens offline and holds its records.
struct StepsPage {
  let results: StepsResults

  var page: ReportPage {
    let charts = StepsCharts(results).charts
    return ReportPage(
      title: "Curvature against T", subtitle: subtitle, lead: lead,
      sections: [
        .init(
          id: "charts", title: "Largest eigenvalue against T", body: ReportPage.grid(charts)),
        .init(id: "laws", title: "Laws of growth", body: laws),
        .init(id: "points", title: "Points", body: points),
      ], charts: charts)
  }

  private var subtitle: String {
    ReportPage.subtitle(
      results.data, results.network, results.weights ?? "built from settings",
      created: results.created)
  }

  private var lead: HTML {
    let conclusions: HTML =
      results.conclusions.isEmpty
      ? "<p>Too few T for a law of growth.</p>"
      : "<ul>\(results.conclusions.map { "<li>\($0).</li>" as HTML })</ul>"
    let notes: HTML =
      results.notes.isEmpty ? "" : "<p>To know: \(results.notes.joined(separator: "; ")).</p>"
    return "<div class=\"finding\">\(conclusions)\(notes)</div>"
  }

  private var laws: HTML {
    ReportPage.table(
      "Laws of growth",
      caption: "Least squares on log |λ|: a of T^a, b of e^(bT); the 95 % intervals are of the "
        + "points' distance from the law, on one seed.",
      head: ["Network", "Loss", "Matrix", "a", "R²", "b", "R²", "What describes it"],
      rows: results.fits.map { fit -> [String] in
        [
          fit.variant.title, fit.loss.rawValue + (fit.isDerived ? " (T × each-step)" : ""),
          fit.matrix.rawValue,
        ]
          + [fit.growth.power, fit.growth.exponential].flatMap { $0?.cells ?? ["–", "–"] }
          + [fit.sentence]
      }
    )
  }

  private var points: HTML {
    ReportPage.table(
      "Points", caption: "Every network that was measured, with residuals ‖Hx − λx‖.",
      head: [
        "Network", "T", "Loss", "λ of J", "residual", "products", "λ of Gauss–Newton", "residual",
        "products", "asymmetry of J", "value of the loss", "‖gradient‖", "spike rate",
      ],
      rows: results.points.map { point -> [String] in
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
    )
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
