import Foundation
import Models

extension QuickstartResults: PagedRecord {
  public static let fileName = "results"

  public var page: ReportPage { get throws { try QuickstartReport(results: self).page } }
}

/// The quickstart's results as one page: it opens in a browser without a network, and holds its own data.
///
/// Nothing is computed here that is not in the records; charts are Vega-Lite specifications that the reader
/// can take away, and the sentence at the top claims what ``Finding`` allows.
struct QuickstartReport {
  let results: QuickstartResults

  var page: ReportPage {
    get throws {
      let networks = results.networks
      let training = TrainingCharts(networks: networks).charts
      let sweep = SweepCharts(networks: networks).charts
      let spectra = SpectrumCharts(networks: networks).charts
      return ReportPage(
        title: "Spikeguard quickstart", subtitle: subtitle, lead: lead,
        sections: [
          .init(id: "results", title: "Results", body: ResultsTable(networks: networks).html),
          .init(id: "training", title: "Training", body: Self.training(training)),
          .init(id: "sweep", title: "Accuracy against ε", body: sweepSection(sweep)),
          .init(id: "images", title: "Attacked images", body: images),
          .init(id: "spectra", title: "Gradient spectra", body: Self.spectra(spectra)),
          .init(
            id: "settings", title: "Settings", body: try SettingsTable(networks: networks).html()),
          .init(
            id: "origin", title: "Versions and machine", body: FactsTable(results: results).html),
          .init(id: "data", title: "Data", body: Self.data),
        ],
        charts: training + sweep + spectra)
    }
  }

  private var subtitle: String {
    let facts = results.networks.first.map {
      [$0.manifest.dataset.name, $0.manifest.network.model.rawValue.uppercased()]
    }
    let measured = results.networks.map(\.title).joined(separator: " / ")
    return ((facts ?? []) + [measured, results.created].filter { !$0.isEmpty })
      .joined(separator: " · ")
  }

  private var lead: HTML {
    let finding = Finding(results)
    let clean: HTML = finding.cleanSentence.map { "<p>\($0)</p>" } ?? ""
    let caveats: HTML =
      finding.caveats.isEmpty
      ? "" : "<ul>\(finding.caveats.map { "<li>\($0)</li>" as HTML })</ul>"
    return """
      <div class="finding">
      <p class="sentence">\(finding.sentence)</p>
      \(clean)
      \(caveats)
      </div>
      """
  }

  private static func training(_ charts: [Chart]) -> HTML {
    charts.isEmpty
      ? "<p>No training curve was recorded.</p>"
      : """
      <p>Averages over the steps since the point before, on augmented training images, each image seen \
      before the update that it leads to. The spike rate is the share of neurons and time steps that \
      fire.</p>
      \(ReportPage.grid(charts))
      """
  }

  private func sweepSection(_ charts: [Chart]) -> HTML {
    charts.isEmpty
      ? "<p>No sweep over ε was recorded.</p>"
      : """
      <p>On the first \(NumberText.count(results.sweptImages)) test images, fewer than in the table: the \
      intervals are wider. Bars and bands are 95\(NumberText.blank)% Wilson intervals; between the points \
      nothing was measured.</p>
      \(ReportPage.grid(charts))
      """
  }

  private var images: HTML {
    PictureGrid(networks: results.networks).html ?? "<p>No pictures were recorded.</p>"
  }

  private static func spectra(_ charts: [Chart]) -> HTML {
    charts.isEmpty
      ? "<p>No spectrum was recorded.</p>"
      : """
      <p>Singular values of one batch’s gradient, a chart for each layer: as it is, and after deflation \
      took the largest one away. Both axes are logarithmic; what is below a millionth of the largest \
      value is rounding and is not drawn.</p>
      \(ReportPage.grid(charts, kind: "pairs"))
      """
  }

  private static let data: HTML = """
    <p>All numbers, settings and pictures of this page are inside it: \
    <a id="download" hidden>results.json</a>. The menu at each chart saves it as SVG or PNG and shows its \
    specification with its data.</p>
    """
}
