import Curvature
import Experiments
import Foundation

/// Curvature against T as the terminal shows it: every point, both laws, what to know.
struct StepsText {
  let results: StepsResults

  init(_ results: StepsResults) { self.results = results }

  var text: String {
    let sentences = results.conclusions.map { "  · \($0)." }.joined(separator: "\n")
    let notes = results.notes.map { "  · To know: \($0)." }.joined(separator: "\n")
    return ([points] + (results.fits.isEmpty ? [] : [laws, sentences]) + [notes])
      .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var points: String {
    var table = TextTable([
      "network", "loss", "T", "λ of J", "± residual", "products", "λ of GN", "± residual",
      "products", "loss", "spikes",
    ])
    for point in results.points {
      table.add(
        [point.variant.title, point.loss.rawValue, "\(point.steps)"]
          + [point.hessian, point.gaussNewton].flatMap {
            [
              Self.number($0.eigenvalue.value), Self.number($0.eigenvalue.residual),
              "\($0.products)",
            ]
          } + [Self.number(point.value), ProgressDisplay.percent(point.spikeRate)])
    }
    return table.text
  }

  private var laws: String {
    var table = TextTable([
      "network", "loss", "matrix", "a of T^a (95 %)", "R²", "b of e^(bT) (95 %)", "R²", "law",
    ])
    for fit in results.fits {
      table.add(
        [
          fit.variant.title, fit.loss.rawValue + (fit.isDerived ? " = T × each-step" : ""),
          fit.matrix.rawValue,
        ]
          + [fit.growth.power, fit.growth.exponential].flatMap { $0?.cells ?? ["–", "–"] }
          + [fit.growth.verdict.rawValue])
    }
    return table.text
  }

  private static func number(_ value: Double) -> String { String(format: "%.3g", value) }
}
