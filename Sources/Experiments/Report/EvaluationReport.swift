import Attacks
import Datasets
import Models
import Spiking

extension EvaluationResults: PagedRecord {
  public static let fileName = "results"

  public var page: ReportPage { EvaluationReport(results: self).page }
}

/// An evaluation's results as one page, which opens without a network and holds its own data.
struct EvaluationReport {
  let results: EvaluationResults

  var page: ReportPage {
    let charts = EvaluationCharts(results: results)
    let parts: [(id: String, title: String, table: HTML?, charts: [Chart])] = [
      ("suite", "Suite", suite, charts.stages),
      ("broken-by", "Which attack broke how many images first", attribution, []),
      ("views", "Gradient views", views, []),
      (
        "epsilon", "Accuracy against ε",
        sweep(results.epsilonSweep, note: " " + EvaluationRecipe.epsilonSweepNote),
        charts.epsilonSweep
      ),
      ("steps", "Accuracy against steps", sweep(results.stepSweep), charts.stepSweep),
      ("black-box", "White box against black box", blackBox, charts.blackBox),
      ("origin", "Network, data, versions", facts, []),
    ]
    let sections = parts.compactMap { part -> ReportPage.Section? in
      part.table.map { table in
        .init(id: part.id, title: part.title, body: "\(table)\n\(ReportPage.grid(part.charts))")
      }
    }
    return ReportPage(
      title: "Spikeguard evaluation",
      subtitle: ReportPage.subtitle(
        results.data, results.network, "\(results.recipe.threat)", created: results.created),
      lead: lead, sections: sections, charts: parts.flatMap(\.charts))
  }

  private var lead: HTML {
    let sentence =
      results.robust.map { robust in
        "Of \(NumberText.count(robust.total)) test images, \(NumberText.count(robust.correct)) are "
          + "classified correctly whatever the suite did: robust accuracy is at most "
          + "\(NumberText.percent(robust.accuracy)) (95\(NumberText.blank)% interval "
          + "\(NumberText.interval(robust)))."
      } ?? "The suite was not run."
    let clean = results.clean.map {
      "Without attack: \(NumberText.percent($0.accuracy)) (\(NumberText.interval($0)))."
    }
    var caveats = [
      "The intervals are about images, not about training again with another seed.",
      "It is an upper bound: a stronger attack may break more.",
    ]
    if !results.unfinished.isEmpty {
      caveats.append(
        "Not done to the end, so that the bound is looser than it could be: "
          + NumberText.list(Self.unique(results.unfinished)) + ".")
    }
    if let draws = results.draws {
      caveats.append(
        "The network draws random numbers: gradients are means over \(draws) draws, and an image "
          + "counts as broken where most of its \(results.passes.map { "\($0) " } ?? "")passes err."
      )
    }
    if let fresh = results.fresh {
      caveats.append(
        "Share of fresh passes that are right, mean over images (95\(NumberText.blank)% interval over "
          + "images): \(Self.cell(fresh.cleanMean)) without attack, \(Self.cell(fresh.mean)) on "
          + "the suite’s images.")
    }
    caveats += results.warnings.map { "Warning: \($0)." }
    return """
      <div class="finding">
      <p class="sentence">\(sentence)</p>
      <p>\(clean ?? "")</p>
      <ul>\(caveats.map { "<li>\($0)</li>" as HTML })</ul>
      </div>
      """
  }

  // MARK: Tables

  private var suite: HTML? {
    guard let suite = results.suite, let clean = results.clean else { return nil }
    let rows =
      [["clean", "", Self.cell(clean), "", "", NumberText.seconds(suite.cleanSeconds)]]
      + suite.stages.map { stage in
        [
          stage.name, stage.attack + (stage.isFinished ? "" : " (unfinished)"),
          Self.cell(Score(stage.robustAccuracy)), "\(stage.broken) of \(stage.attacked)",
          stage.zeroGradients.map { Self.cell(Score($0)) } ?? "",
          NumberText.seconds(stage.seconds),
        ]
      }
    return Self.table(
      "Each attack meets the images that survived all above it; the accuracy is of all images.",
      ["Stage", "Attack", "Accuracy after it", "Broken", "Zero gradients", "Time"], rows)
  }

  private var attribution: HTML? {
    guard let suite = results.suite else { return nil }
    let rows = suite.stages.indices.compactMap { index -> [String]? in
      let count = suite.brokenBy.count { $0 == index }
      return count == 0
        ? nil : [suite.stages[index].name, suite.stages[index].attack, NumberText.count(count)]
    }
    return Self.table(
      "Attacks that broke no further image are left out.", ["Stage", "Attack", "Images"], rows)
  }

  private var views: HTML? {
    guard !results.views.isEmpty else { return nil }
    return Self.table(
      "What PGD-10 through each view left of a few images: the ranking, not a result.",
      ["View", "Accuracy"], results.views.map { [$0.view, Self.cell($0.score)] })
  }

  private func sweep(_ scores: [AttackScore], note: String = "") -> HTML? {
    guard !scores.isEmpty else { return nil }
    return Self.table(
      "Each row on all images that are classified correctly without attack." + note,
      ["Attack", "ε", "Accuracy", "Time"],
      scores.map {
        [
          $0.attack, NumberText.epsilon($0.epsilon), Self.cell($0.score),
          NumberText.seconds($0.seconds),
        ]
      })
  }

  private var blackBox: HTML? {
    guard !results.blackBox.isEmpty else { return nil }
    return Self.table(
      "The attacked network's accuracy on images made on it, and on images made on another network.",
      ["Images made on", "Attack", "Accuracy", "Time"],
      results.blackBox.map {
        [
          $0.substitute ?? EvaluationCharts.itself, $0.score.attack, Self.cell($0.score.score),
          NumberText.seconds($0.score.seconds),
        ]
      })
  }

  private var facts: HTML? {
    var rows = [
      ["Spikeguard", results.spikeguard], ["LibTorch", results.engine],
      ["Created", results.created], ["Time", NumberText.seconds(results.seconds)],
      ["Processor", results.machine.processor], ["Threads", "\(results.machine.threads)"],
      ["Network", results.weights], ["Network, SHA-256", results.networkDigest],
      ["Time steps", "\(results.network.steps)"],
      [
        "Data",
        "\(results.data.name), \(results.data.split.rawValue) split, first "
          + "\(NumberText.count(results.data.count)) images, CRC-32 \(results.data.crc32)",
      ],
      ["Effort", results.recipe.effort.rawValue], ["Seed", "\(results.recipe.seed)"],
    ]
    for substitute in results.substitutes {
      let seed = substitute.training.map { ", seed \($0.seed)" } ?? ""
      rows.append([
        "Substitute",
        "\(substitute.name): \(substitute.network.model.rawValue)\(seed), clean accuracy "
          + Self.cell(substitute.clean),
      ])
    }
    return Self.table("How these numbers came about.", ["Fact", "Value"], rows)
  }

  private static func cell(_ score: Score) -> String {
    "\(NumberText.percent(score.accuracy)) (\(NumberText.interval(score))), "
      + "\(NumberText.count(score.correct)) of \(NumberText.count(score.total))"
  }

  private static func cell(_ share: MeanShare) -> String {
    "\(NumberText.percent(share.mean)) (\(NumberText.decimal(100 * share.lower, 1))–"
      + "\(NumberText.decimal(100 * share.upper, 1)))"
  }

  private static func table(_ caption: String, _ heads: [String], _ rows: [[String]]) -> HTML {
    """
    <div class="wide" role="region" aria-label="\(caption)" tabindex="0">
    <table class="facts">
    <caption>\(caption)</caption>
    <thead><tr>\(heads.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
    <tbody>
    \(rows.map { "<tr>\($0.map { "<td>\($0)</td>" as HTML })</tr>" as HTML })
    </tbody>
    </table>
    </div>
    """
  }

  private static func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
