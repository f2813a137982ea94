import Experiments

/// An audit as the terminal shows it: the verdict, three accuracies, every check, and what was raised.
struct AuditText {
  let results: AuditResults

  init(_ results: AuditResults) { self.results = results }

  var text: String {
    let raised = results.raised.map(Self.explanation)
    return ([accuracies, checks] + raised + ["  Verdict: \(results.conclusion)."])
      .joined(separator: "\n\n")
  }

  private var accuracies: String {
    var table = TextTable(["", "accuracy (95 % interval)  correct/images"])
    table.add(["clean", results.clean.cell])
    guard let own = results.ownGradient, let worst = results.worstCase else { return table.text }
    let radius = "ε \(PixelText.text(results.epsilon))"
    table.add(["attacks through its own gradient, \(radius)", own.cell])
    table.add(["everything in the audit, \(radius)", worst.cell])
    return table.text
  }

  private var checks: String {
    var table = TextTable(["check", "found", "share (95 % interval)", "state"])
    for flag in results.flags {
      let number = flag.number < 10 ? " \(flag.number)" : "\(flag.number)"
      table.add([
        "\(number)  \(flag.title)",
        flag.isMeasured ? flag.found : "–", flag.isMeasured ? flag.share : "–", flag.stateText,
      ])
    }
    return table.text
  }

  private static func explanation(_ flag: AuditResults.Flag) -> String {
    """
      Flag \(flag.number), \(flag.title): \(flag.found) \(flag.raisedIf).
        Means:     \(flag.meaning)
        To do:     \(flag.remedy).
        Measured:  \(flag.detail).
        Tolerated: \(flag.toleranceText), \(flag.toleranceReason).
    """
  }
}
