import Curvature
import Models

extension CurvatureResults: PagedRecord {
  public static let fileName = "curvature"

  public var page: ReportPage { CurvaturePage(results: self).page }
}

/// A curvature measurement as a page of its own, which opens without a network and holds its records.
struct CurvaturePage {
  let results: CurvatureResults

  var page: ReportPage {
    let charts = CurvatureCharts(results: results)
    return ReportPage(
      title: "Spikeguard curvature", subtitle: subtitle, lead: lead, sections: sections(charts),
      charts: charts.charts)
  }

  private var subtitle: String {
    ReportPage.subtitle(
      results.data, results.network, "T = \(results.network.steps)",
      "ε = \(NumberText.epsilon(results.settings.epsilon))", created: results.created)
  }

  private var lead: HTML {
    """
    <div class="finding">
    <p class="sentence">\(sentence)</p>
    <ul>
    \(CurvatureWords.notes(of: results).map { "<li>\($0)</li>" as HTML })
    </ul>
    </div>
    """
  }

  private var sentence: String {
    let order = results.settings.order
    let parts = results.inferences.map { inference in
      "\(CurvatureWords.spread(inference.lambdaMax(order))) (\(inference.kind.title))"
    }
    return "\(CurvatureWords.lambdaMax(order)): \(NumberText.list(parts))."
  }

  private func sections(_ charts: CurvatureCharts) -> [ReportPage.Section] {
    var sections: [ReportPage.Section] = [
      .init(id: "summary", title: "λ_max and its share", body: summary),
      .init(
        id: "batches", title: "Every batch",
        body: "\(ReportPage.grid([charts.eigenvalues]))\(batches)"),
    ]
    if let density = charts.density {
      sections.append(
        .init(id: "density", title: "Spectral density", body: ReportPage.grid([density])))
    }
    return sections
  }

  private var summary: HTML {
    let settings = results.settings
    let rows = results.inferences.flatMap { inference -> [[String]] in
      let ours = [
        inference.kind.title, "here", NumberText.percent(inference.accuracy.accuracy),
        CurvatureWords.spread(inference.lambdaMax(settings.order)),
        CurvatureWords.spread(inference.share), CurvatureWords.spread(inference.signedShare),
        "\(inference.negatives) of \(inference.eigenvalues)",
        "\(inference.converged) of \(inference.eigenvalues)",
        CurvatureWords.number(inference.residual), NumberText.count(inference.products),
        NumberText.seconds(inference.seconds),
      ]
      guard let row = inference.published else { return [ours] }
      let theirs = [
        inference.kind.title, "paper: \(row.method.rawValue), \(row.dataset)", "",
        CurvatureWords.published(row.lambdaMax, row.lambdaMaxDeviation),
        CurvatureWords.publishedShare(row, count: settings.count), "", "", "", "", "", "",
      ]
      return [ours, theirs]
    }
    return ReportPage.table(
      "Summary",
      caption: "Mean (standard deviation) over batches. The share is |μ1|/Σ|μi| over the top "
        + "\(settings.count); the signed share is μ1/Σμi.",
      head: [
        "Inference", "From", "Accuracy", CurvatureWords.lambdaMax(settings.order),
        "Share of top \(settings.count)", "Signed share", "Negative", "Converged",
        "Largest residual", "Products", "Time",
      ], rows: rows)
  }

  private var batches: HTML {
    let rows = results.inferences.flatMap { inference in
      inference.batches.enumerated().map { index, batch in
        ["\(inference.kind.title) \(index + 1)", NumberText.decimal(batch.loss, 4)]
          + batch.eigenvalues.map(CurvatureWords.eigenvalue) + ["\(batch.products)"]
      }
    }
    return ReportPage.table(
      "Batches",
      caption: "Eigenvalues, each with its residual ‖Hx − μx‖; ! marks what did not "
        + "converge.",
      head: ["Batch", "Loss"] + (1...results.settings.count).map { "μ\($0)" } + ["Products"],
      rows: rows)
  }
}
