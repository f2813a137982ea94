extension GrowthSweep {
  var text: String {
    var rows = [
      [
        quantity.rawValue, "Spikeguard ms", "fastest peer ms", "", "ratio", "Spikeguard MiB",
        "leanest peer MiB", "", "ratio",
      ]
    ]
    rows += points.map { point in
      let (fastest, leanest) = (point.best(\.seconds), point.best(\.addedBytes))
      let (time, memory) = (point.ours(besideBest: \.seconds), point.ours(besideBest: \.addedBytes))
      return [
        formatted(point.value, 3),
        self.time(time), self.time(fastest?.outcome ?? point.noPeer), fastest?.name ?? "",
        ratio(fastest?.outcome.seconds, time.seconds),
        self.memory(memory), self.memory(leanest?.outcome ?? point.noPeer), leanest?.name ?? "",
        ratio(memory.addedBytes, leanest?.outcome.addedBytes),
      ]
    }
    rows.append([
      "exponent", exponent { $0.ours(besideBest: \.seconds).seconds },
      exponent { $0.best(\.seconds)?.outcome.seconds }, "", "",
      exponent { $0.ours(besideBest: \.addedBytes).addedBytes },
      exponent { $0.best(\.addedBytes)?.outcome.addedBytes }, "", "",
    ])
    return
      (["Growth of \(article) with \(quantity.rawValue)"]
      + (aligned(rows) + points.flatMap(\.absences)).map { "  " + $0 }).joined(separator: "\n")
  }

  private var article: String { run == .step ? "a training step" : "an evaluation pass" }

  /// Of a number against the quantity, over the points that have it.
  private func exponent(_ number: (GrowthPoint) -> Double?) -> String {
    GrowthExponent(points.compactMap { p in number(p).map { (x: p.value, y: $0) } }).text
  }

  private func time(_ outcome: GrowthOutcome) -> String {
    guard case .measured(let samples, _, _) = outcome else { return short(outcome) }
    let text = { (seconds: Double) in formatted(seconds * 1e3, 3) }
    guard samples.seconds.count > 1 else { return text(samples.median) }
    return "\(text(samples.median)) (\(text(samples.least)) – \(text(samples.most)))"
  }

  private func memory(_ outcome: GrowthOutcome) -> String {
    outcome.addedBytes.map { formatted($0 / 1_048_576, 3) } ?? short(outcome)
  }

  private func short(_ outcome: GrowthOutcome) -> String {
    if case .doesNotFit = outcome { "does not fit" } else { "failed" }
  }

  private func ratio(_ a: Double?, _ b: Double?) -> String {
    guard let a, let b else { return "–" }
    return formatted(a / b, 3)
  }
}

extension GrowthPoint {
  /// What stands in the best peer's place where none was measured.
  fileprivate var noPeer: GrowthOutcome { peers.first?.outcome ?? .failed("there is no peer") }

  /// A line for each side that could not be measured here.
  fileprivate var absences: [String] {
    outcomes.compactMap { name, outcome in
      outcome.absence.map { "at \(formatted(value, 3)), \(name): \($0)" }
    }
  }
}
