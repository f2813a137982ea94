import ArgumentParser
import Experiments
import Foundation

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Lists and compares training runs.",
    discussion: """
      Looks for run folders (a manifest.json that `spikeguard train` wrote) in the folders given and below them. \
      Runs that differ in their seed only make a group, with mean ± sample standard deviation over seeds of the \
      test accuracy of those that are finished. A run whose files are damaged is left out, with a warning. --compare shows which settings differ between the runs.
      """)

  @Argument(help: "Folders to look in, or run folders themselves.")
  var folders = ["runs"]

  @Flag(help: "Show the settings in which the runs differ.")
  var compare = false

  @OptionGroup var record: RecordOptions

  func run() throws {
    try OutputFile.check([("--json", record.json)])
    var runs: [RunSummary] = []
    var warned: Set<String> = []
    for folder in folders {
      let found = RunSummary.all(below: folder)
      for run in found.unreadable where warned.insert(run.path).inserted {
        FileHandle.standardError.write(Data("warning: \(run.reason)\n".utf8))
      }
      guard !found.runs.isEmpty else {
        let rest = found.unreadable.isEmpty ? "none" : "none that can be read"
        throw UsageError(
          "\(folder): expected a folder with runs, found \(rest); name the --out of `spikeguard train`, "
            + "or a folder above it")
      }
      for run in found.runs
      where !runs.contains(where: { Self.place($0.path) == Self.place(run.path) }) {
        runs.append(run)
      }
    }
    let groups = RunGroup.groups(of: runs)
    try record.write(groups)
    print(list(groups).text)
    if compare { print("\n" + differences(runs)) }
  }

  /// `a` and `./a` are one folder.
  private static func place(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }

  private func list(_ groups: [RunGroup]) -> TextTable {
    var table = TextTable([
      "run", "state", "model", "data", "T", "deflation", "seed", "loss", "test accuracy",
    ])
    for group in groups {
      for run in group.runs {
        let settings = run.record.configuration.texts
        let shown = ["model", "data", "time-steps", "deflation", "seed"].map { settings[$0] ?? "" }
        table.add(
          [run.path, state(run)] + shown + [
            run.trainingLoss.map { ProgressDisplay.fixed($0, 3) } ?? "–",
            run.test?.cell ?? "–",
          ])
      }
      if let spread = group.testAccuracy, spread.count > 1 {
        table.add(["", "", "", "", "", "", "\(spread.count) seeds", "", text(spread)])
      }
    }
    return table
  }

  private func state(_ run: RunSummary) -> String {
    let record = run.record
    let label = record.warnings.isEmpty ? "" : ", no valid evaluation"
    guard record.status != .finished else { return "finished" + label }
    let isDead = record.status == .running && !RunLock.isHeld(RunFolder(existing: run.path))
    let word = isDead ? "killed" : record.status.rawValue
    return "\(word) at \(record.stepsDone)/\(record.stepsInAll)" + label
  }

  private func text(_ spread: Spread) -> String {
    let deviation = spread.standardDeviation.map { " ± " + ProgressDisplay.fixed($0 * 100, 2) }
    return ProgressDisplay.fixed(spread.mean * 100, 2) + (deviation ?? "") + " %"
  }

  /// A row a setting that is not the same everywhere.
  private func differences(_ runs: [RunSummary]) -> String {
    let texts = runs.map(\.record.configuration.texts)
    var table = TextTable(["setting"] + runs.map(\.path))
    var rows = 0
    for key in RunConfiguration.settings.map(\.key) {
      let values = texts.map { $0[key] ?? "" }
      guard Set(values).count > 1 else { continue }
      table.add([key] + values)
      rows += 1
    }
    return rows == 0 ? "The runs have the same settings." : table.text
  }
}
