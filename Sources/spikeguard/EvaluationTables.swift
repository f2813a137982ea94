import Attacks
import Experiments

/// An evaluation's numbers for a terminal.
struct EvaluationTables {
  let results: EvaluationResults

  init(_ results: EvaluationResults) { self.results = results }

  var text: String {
    [suite, epsilonSweep, stepSweep, blackBox, verdict].compactMap { $0 }.joined(separator: "\n\n")
  }

  private static let accuracy = "accuracy (95 % interval)  correct/images"

  private var suite: String? {
    let groups = results.stageGroups
    guard let clean = results.clean, !groups.isEmpty else { return nil }
    var table = TextTable([results.threatText, Self.accuracy, "broken", "zero gradients", "time"])
    table.add(["clean", clean.cell, "", "", ProgressDisplay.duration(results.cleanSeconds)])
    for group in groups {
      table.add([
        group.name + (group.isFinished ? "" : " (unfinished)"), group.robust.cell,
        "\(group.broken)/\(group.attacked)",
        group.zeroGradients.map(Self.share) ?? "",
        ProgressDisplay.duration(group.seconds),
      ])
    }
    if let fresh = results.fresh, let robust = results.robust {
      table.add(["majority of \(fresh.passes) fresh passes", robust.cell, "", "", ""])
      table.add(["their mean (interval over images)", Self.share(fresh.mean), "", "", ""])
      table.add(["the same without attack", Self.share(fresh.cleanMean), "", "", ""])
    }
    return table.text
  }

  private static func share(_ share: MeanShare) -> String {
    percent(share.mean, share.lower, share.upper)
  }

  private static func share(_ interval: BinomialInterval) -> String {
    percent(interval.proportion ?? 0, interval.lower, interval.upper)
  }

  private static func percent(_ mean: Double, _ low: Double, _ high: Double) -> String {
    let number = { (value: Double) in ProgressDisplay.fixed(value * 100, 1) }
    return "\(number(mean)) % (\(number(low))–\(number(high)))"
  }

  private var epsilonSweep: String? {
    let attacks = results.epsilonSweep.map(\.attack).unique
    guard !attacks.isEmpty else { return nil }
    var table = TextTable(["ε"] + attacks)
    for epsilon in results.epsilonSweep.map(\.epsilon).unique {
      table.add(
        [PixelText.text(epsilon)]
          + attacks.map { attack in
            results.epsilonSweep.first { $0.attack == attack && $0.epsilon == epsilon }?.score.cell
              ?? "–"
          })
    }
    return table.text + "\n\n  \(EvaluationRecipe.epsilonSweepNote)"
  }

  private var stepSweep: String? {
    guard let first = results.stepSweep.first else { return nil }
    var table = TextTable(["ε \(PixelText.text(first.epsilon))", Self.accuracy])
    for row in results.stepSweep { table.add([row.attack, row.score.cell]) }
    return table.text
  }

  private var blackBox: String? {
    guard !results.blackBox.isEmpty else { return nil }
    let attacks = results.blackBox.map(\.score.attack).unique
    var table = TextTable(["images made on"] + attacks)
    for source in results.blackBox.map({ $0.substitute ?? "" }).unique {
      let scores = results.blackBox.filter { ($0.substitute ?? "") == source }
      table.add(
        [source.isEmpty ? "the network itself (white box)" : source]
          + attacks.map { attack in
            scores.first { $0.score.attack == attack }?.score.score.cell ?? "–"
          })
    }
    return table.text
  }

  private var verdict: String? {
    var lines: [String] = []
    if let robust = results.robust { lines.append("  Robust accuracy is at most \(robust.cell).") }
    if let draws = results.draws {
      lines.append(
        "  The network draws random numbers: gradients are means over \(draws) draws, and every score "
          + "is a majority of \(results.passes.map { "\($0) " } ?? "")passes.")
    }
    if !results.unfinished.isEmpty {
      let names = results.unfinished.unique.joined(separator: ", ")
      lines.append(
        results.robust == nil
          ? "  Not measured: \(names)" : "  An upper bound: not done to the end are \(names).")
    }
    lines += results.warnings.map { "  Warning: \($0)." }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }
}

extension Array where Element: Hashable {
  /// Each once, in the order of their first places.
  fileprivate var unique: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
