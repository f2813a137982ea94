import ArgumentParser
import Experiments
import Foundation

struct TheoryGradientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradients",
    abstract:
      "Shows how the leading singular value's share of each gradient, and λ_max, went in training.",
    discussion: """
      Reads what `spikeguard train` logged with --spectrum-every and --curvature-every. Several runs stand side by side, as \
      plain training against deflation. Of a run that deflates and has no spectra, the shares that deflation itself found are \
      taken. All gradients are those from before deflation.

      The share is σ₁²/‖G‖², between 1/rank and 1. First, median and last are over native batches.
      """)

  @Argument(help: "Folders that `spikeguard train` left, one or more.")
  var runs: [String]

  @Option(
    help: "Folder for gradients.html and gradients.json; those of an earlier call are replaced.")
  var out: String?

  @OptionGroup var record: RecordOptions

  func run() throws {
    let page = try PageOutput(out)
    try OutputFile.check(
      [("--json", record.json)], inputs: runs.map { RunFolder(existing: $0).metrics })
    let history = try GradientHistory(of: runs)
    for run in history.runs {
      for note in run.notes { Note.print(note, of: run.path) }
    }
    try record.write(history)
    try page?.write(history)
    print([shares(history), curvature(history)].compactMap(\.self).joined(separator: "\n\n"))
  }

  private func shares(_ history: GradientHistory) -> String? {
    let rows = history.layerSummaries
    guard !rows.isEmpty else { return nil }
    var table = TextTable([
      "σ₁²/‖G‖²", "layer", "readings", "first", "median", "last", "median σ₁/Σσ",
    ])
    for row in rows {
      table.add(
        [row.run, row.layer, "\(row.readings)"]
          + [row.first, row.median, row.last].map(ProgressDisplay.percent)
          + [row.medianNuclearShare.map(ProgressDisplay.percent) ?? "–"])
    }
    return table.text
  }

  private func curvature(_ history: GradientHistory) -> String? {
    let measured = history.runs.filter { !$0.curvature.isEmpty }
    guard !measured.isEmpty else { return nil }
    var table = TextTable([
      "λ_max", "readings", "first", "largest", "at step", "last", "not converged", "products",
    ])
    for run in measured {
      let all = run.curvature
      let largest = all.filter { $0.value != nil }.max { $0.value! < $1.value! }
      func text(_ reading: CurvatureReading?) -> String {
        reading?.value.map(ProgressDisplay.significant) ?? "–"
      }
      table.add([
        run.title, "\(all.count)", text(all.first), text(largest),
        largest.map { "\($0.step)" } ?? "–", text(all.last), "\(all.count { !$0.converged })",
        "\(all.reduce(0) { $0 + $1.products })",
      ])
    }
    return table.text
  }
}
