import Models

extension GradientHistory: PagedRecord {
  public static let fileName = "gradients"

  public var page: ReportPage { GradientHistoryPage(history: self).page }
}

/// What runs logged of their gradients and of λ_max, as a page that opens without a network and holds its records.
struct GradientHistoryPage {
  let history: GradientHistory

  var page: ReportPage {
    let charts = GradientHistoryCharts(history: history)
    let shares = charts.shares
    let curvature = charts.curvature
    var sections: [ReportPage.Section] = [.init(id: "runs", title: "Runs", body: runs)]
    if !shares.isEmpty {
      sections.append(
        .init(id: "shares", title: "Leading singular term", body: Self.shares(shares)))
    }
    if let curvature {
      sections.append(.init(id: "curvature", title: "λ_max", body: Self.curvature(curvature)))
    }
    return ReportPage(
      title: "Gradients in training", subtitle: "Spikeguard · " + history.created,
      lead: "<p>\(NumberText.list(history.runs.map(\.title)))</p>", sections: sections,
      charts: shares + (curvature.map { [$0] } ?? []))
  }

  private var runs: HTML {
    ReportPage.table(
      "Runs", caption: "What was read; a run that goes on is read as far as it came.",
      head: ["Run", "Network", "Deflation", "Steps", "Spectra", "Readings of λ_max", ""],
      rows: history.runs.map { run in
        ReportPage.row([
          run.path, run.network.model.rawValue, run.deflation.rawValue,
          NumberText.count(run.stepsDone), NumberText.count(run.spectra.count),
          NumberText.count(run.curvature.count), run.notes.joined(separator: "; "),
        ])
      })
  }

  private static func shares(_ charts: [Chart]) -> HTML {
    """
    <p>σ₁² / ‖G‖², the share of a layer’s squared gradient that its leading singular term holds, before deflation \
    and everything else that is done to the gradient; a convolution’s gradient is read as a matrix of its output \
    channels by all others. Matrices of one row or column are left out: their share is 1 by their form. Foreign \
    batches are marked in the tooltips.</p>
    \(ReportPage.grid(charts))
    """
  }

  private static func curvature(_ chart: Chart) -> HTML {
    """
    <p>The largest eigenvalue of the Hessian of the loss in evaluation mode, on the same training images each time. Spikes are \
    differentiated by their surrogate, twice.</p>
    \(ReportPage.grid([chart]))
    """
  }
}
