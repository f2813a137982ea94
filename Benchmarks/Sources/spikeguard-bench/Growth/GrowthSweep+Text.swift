extension GrowthSweep {
  static let peerName = "SpikingJelly, channels-last, memory kept"

  var text: String {
    var rows = [
      [
        quantity.rawValue, "Spikeguard ms", "peer ms", "ratio", "Spikeguard MiB", "peer MiB",
        "ratio of memory",
      ]
    ]
    rows += points.map { point in
      [
        formatted(point.value, 3), time(point.ours), time(point.peer),
        ratio(point.peer.seconds, point.ours.seconds), memory(point.ours), memory(point.peer),
        ratio(point.ours.addedBytes, point.peer.addedBytes),
      ]
    }
    rows.append([
      "exponent", exponent(\.ours.seconds), exponent(\.peer.seconds), "",
      exponent(\.ours.addedBytes), exponent(\.peer.addedBytes), "",
    ])
    let failures = points.flatMap { [$0.ours.absence, $0.peer.absence] }.compactMap { $0 }
      .filter { $0.hasPrefix("failed") }
    return
      ([
        "Growth of \(article) with \(quantity.rawValue); peer: \(Self.peerName)"
      ] + (aligned(rows) + failures).map { "  " + $0 }).joined(separator: "\n")
  }

  private var article: String { run == .step ? "a training step" : "an evaluation pass" }

  /// Of a number against the quantity, over the points that have it.
  private func exponent(_ number: (GrowthPoint) -> Double?) -> String {
    GrowthExponent(points.compactMap { p in number(p).map { (x: p.value, y: $0) } }).text
  }

  private func time(_ outcome: GrowthOutcome) -> String {
    guard case .measured(let samples, _, _) = outcome else { return short(outcome) }
    let text = { (seconds: Double) in formatted(seconds * 1e3, 3) }
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
