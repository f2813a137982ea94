import Curvature
import Experiments
import Foundation

/// A curvature measurement as the terminal shows it: the summary with the paper's numbers, every batch's eigenvalues, and what
/// the numbers are numbers of.
struct CurvatureText {
  let results: CurvatureResults

  init(_ results: CurvatureResults) { self.results = results }

  var text: String { ([summary, batches] + notes).joined(separator: "\n\n") }

  private var settings: CurvatureSettings { results.settings }

  private var summary: String {
    let order = settings.order
    var table = TextTable([
      "inference", "accuracy", CurvatureWords.lambdaMax(order),
      "share of top \(settings.count)", "signed share", "negative", "converged", "products",
      "seconds",
    ])
    for inference in results.inferences {
      table.add([
        inference.kind.title, ProgressDisplay.percent(inference.accuracy.accuracy),
        CurvatureWords.spread(inference.lambdaMax(order)),
        CurvatureWords.spread(inference.share),
        CurvatureWords.spread(inference.signedShare),
        "\(inference.negatives)/\(inference.eigenvalues)",
        "\(inference.converged)/\(inference.eigenvalues)", "\(inference.products)",
        ProgressDisplay.fixed(inference.seconds, 1),
      ])
      if let row = inference.published {
        table.add([
          "  paper: \(row.method.rawValue), \(row.dataset)", "",
          CurvatureWords.published(row.lambdaMax, row.lambdaMaxDeviation),
          CurvatureWords.publishedShare(row, count: settings.count),
        ])
      }
    }
    return table.text
  }

  private var batches: String {
    var table = TextTable(
      ["batch", "loss"] + (1...settings.count).map { "μ\($0) (residual)" } + ["products"])
    for inference in results.inferences {
      for (index, batch) in inference.batches.enumerated() {
        let name = settings.isWhole ? "whole" : "\(index + 1)"
        table.add(
          ["\(inference.kind.title) \(name)", ProgressDisplay.fixed(batch.loss, 4)]
            + batch.eigenvalues.map(CurvatureWords.eigenvalue) + ["\(batch.products)"])
      }
    }
    return table.text
  }

  private var notes: [String] {
    [CurvatureWords.notes(of: results).map { "  \($0)" }.joined(separator: "\n")]
  }
}
