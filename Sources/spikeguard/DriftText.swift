import Experiments
import Foundation

/// A foreign batch's effects as the terminal shows them: accuracy by road, statistics by layer, λ_max.
struct DriftText {
  let results: DriftResults

  init(_ results: DriftResults) { self.results = results }

  var text: String {
    [accuracy, layers, curvature].compactMap(\.self).joined(separator: "\n\n") + "\n\n" + step
  }

  private static let roads = ["only statistics", "only weights", "both", "statistics anew"]

  private func states(_ kind: DriftResults.Kind) -> [DriftResults.State?] {
    [kind.statisticsOnly, kind.weightsOnly, kind.both, kind.recomputed]
  }

  private var accuracy: String {
    var table = TextTable(["clean accuracy, %", "‖ΔW‖/‖W‖"] + Self.roads)
    func cell(_ state: DriftResults.State?) -> String { state?.score.shortCell ?? "–" }
    table.add(["before", "", "", "", cell(results.before), cell(results.beforeRecomputed)])
    for kind in results.kinds {
      table.add(
        [title(kind), ProgressDisplay.significant(kind.weightsMoved)] + states(kind).map(cell))
    }
    return table.text
  }

  private func title(_ kind: DriftResults.Kind) -> String {
    kind.kind.rawValue + (kind.isNative ? " (as trained)" : "")
  }

  private var layers: String? {
    guard results.hasBatchNorm, let first = results.kinds.first else { return nil }
    var table = TextTable(["|Δμ|/σ  σ′²/σ²"] + results.kinds.map(\.kind.rawValue))
    for (index, layer) in first.layers.enumerated() {
      table.add(
        [layer.layer]
          + results.kinds.map { kind in
            let drift = kind.layers[index]
            return ProgressDisplay.fixed(drift.meanShift, 3) + "  "
              + ProgressDisplay.fixed(drift.varianceRatio, 3)
          })
    }
    return table.text
  }

  private var curvature: String? {
    guard results.before.curvature != nil else { return nil }
    func cell(_ state: DriftResults.State?) -> String {
      guard let reading = state?.curvature else { return "–" }
      guard let value = reading.value else { return "not measured" }
      return ProgressDisplay.significant(value) + (reading.converged ? "" : " (not converged)")
    }
    var table = TextTable(["λ_max"] + Self.roads)
    table.add(["before", "", "", cell(results.before), cell(results.beforeRecomputed)])
    for kind in results.kinds { table.add([title(kind)] + states(kind).map(cell)) }
    return table.text
  }

  private var step: String {
    let batches = results.recipe.foreignBatches
    let replaced =
      results.hasBatchNorm
      ? "; \(ProgressDisplay.percent(results.statisticsReplaced)) of the running statistics replaced"
      : ""
    return
      "  \(batches) batch\(batches == 1 ? "" : "es") of \(results.batchSize): \(results.optimizer), "
      + "momentum from \(results.recipe.momentum.rawValue)\(replaced)."
  }
}

extension Score {
  /// As `86.9 (86.2–87.5)`, in per cent.
  fileprivate var shortCell: String {
    let number = { (value: Double) in ProgressDisplay.fixed(value * 100, 1) }
    return "\(number(accuracy)) (\(number(low))–\(number(high)))"
  }
}
