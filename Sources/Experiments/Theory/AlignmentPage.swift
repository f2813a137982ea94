import Models

extension AlignmentResults: PagedRecord {
  public static let fileName = "alignment"

  public var page: ReportPage { AlignmentPage(results: self).page }
}

/// The alignment of the gradients of the time steps as a page of its own, which opens offline and holds its records.
struct AlignmentPage {
  let results: AlignmentResults

  var page: ReportPage {
    let charts = AlignmentCharts(results).charts
    return ReportPage(
      title: "Alignment of the time steps' gradients", subtitle: subtitle, lead: lead,
      sections: [
        .init(id: "charts", title: "Alignment", body: ReportPage.grid(charts)),
        .init(id: "layers", title: "Layers", body: layers),
      ], charts: charts)
  }

  private var subtitle: String {
    ReportPage.subtitle(
      results.data, results.network, "\(results.network.coding) coding", "T = \(results.steps)",
      created: results.created)
  }

  private var lead: HTML {
    let sentences = results.sentences.map { "<li>\($0).</li>" as HTML }
    return "<div class=\"finding\"><ul>\(sentences)</ul></div>"
  }

  private var layers: HTML {
    ReportPage.table(
      "Layers", caption: "Means over the batches; a dash where there is no such number.",
      head: AlignmentResults.header + ["‖g[t]‖"],
      rows: results.layers.map { layer in
        layer.cells
          + [layer.alignment.norms.map { NumberText.significant($0) }.joined(separator: ", ")]
      }
    )
  }
}

extension AlignmentResults {
  /// Of ``Layer/cells``.
  public static let header = [
    "layer", "shape", "‖G‖", "cosine", "coherence", "common direction", "rank one of G",
    "g[t] along u₁v₁ᵀ",
  ]

  /// What the numbers say, a sentence each without its full stop.
  public var sentences: [String] {
    let cosines = layers.compactMap(\.alignment.meanCosine)
    var sentences: [String] = []
    if !isComplete {
      sentences.append(
        "stopped after \(imagesMeasured) of \(data.count) images: the rest is in none of the means")
    }
    if let least = cosines.min(), let most = cosines.max() {
      sentences.append(
        "two time steps' gradients of a weight have a cosine of \(NumberText.decimal(least, 2)) to "
          + "\(NumberText.decimal(most, 2)) in the mean, by layer; 1 is the same direction, 0 none in common"
      )
    } else {
      sentences.append("there are no two time steps with a gradient to be compared")
    }
    let without = layers.filter { $0.alignment.norms.allSatisfy { $0 == 0 } }.map(\.name)
    if !without.isEmpty {
      sentences.append(
        "\(without.count) of \(layers.count) weights have no gradient at any step, as behind neurons that "
          + "emit nothing or far from the threshold: \(without.joined(separator: ", "))")
    }
    if let cosine = images.meanCosine {
      sentences.append(
        "what arrives at an image at two time steps has a cosine of \(NumberText.decimal(cosine, 2)) "
          + "in the mean over \(images.examples) images")
    }
    if network.activation == .relu, network.coding == .direct {
      sentences.append(
        "the ReLU twin does the same at every step under direct coding: 1 is what it must have")
    }
    return sentences
  }
}

extension AlignmentResults.Layer {
  /// In the order of ``AlignmentResults/header``.
  public var cells: [String] {
    let known = alignment.dominantCosines.compactMap(\.self)
    let along = known.min().map { least in
      "\(NumberText.decimal(least, 2)) to \(NumberText.decimal(known.max()!, 2))"
    }
    func text(_ value: Double?) -> String { value.map { NumberText.decimal($0, 3) } ?? "–" }
    return [
      name, shape.map(String.init).joined(separator: "×"), NumberText.significant(alignment.norm),
      text(alignment.meanCosine), text(alignment.coherence), text(alignment.commonDirectionShare),
      text(alignment.rankOneShare), along ?? "–",
    ]
  }
}
