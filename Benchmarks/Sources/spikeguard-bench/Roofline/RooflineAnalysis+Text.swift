extension RooflineAnalysis {
  /// Each convolution and linear map, then everything by kind, then the sums.
  var text: String {
    let lines =
      [
        "Roofline: \(workload.rawValue), \(setting), \(threads) threads",
        "  equal: \(agreement.description)",
      ]
      + (arithmeticTable + [""] + groupTable + [""] + sums).map { $0.isEmpty ? $0 : "  " + $0 }
    return lines.joined(separator: "\n")
  }

  private var arithmeticTable: [String] {
    var table = [
      [
        "", "direction", "out ← in, map", "GFLOP", "with zeros", "MB", "ms", "share", "GFLOP/s",
        "with zeros", "bound ms", "ms / bound",
      ]
    ]
    for row in rows where row.operations > 0 {
      table.append([
        row.layer, row.direction, row.shape, formatted(row.operations / 1e9, 3),
        formatted(row.paddedOperations / 1e9, 3), formatted(row.bytes / 1e6, 3),
        milliseconds(row.seconds), share(row.seconds),
        formatted(row.operations / row.seconds / 1e9, 3),
        formatted(row.paddedOperations / row.seconds / 1e9, 3), milliseconds(row.bound),
        formatted(row.seconds / row.bound, 3),
      ])
    }
    return aligned(table)
  }

  private var groupTable: [String] {
    var table = [["all layers together", "MB", "ms", "share", "GB/s", "bound ms", "gap ms"]]
    for group in groups {
      let sum = { (value: (Row) -> Double) in group.rows.reduce(0) { $0 + value($1) } }
      let (seconds, bytes) = (sum(\.seconds), sum(\.bytes))
      table.append([
        group.name, formatted(bytes / 1e6, 3), milliseconds(seconds), share(seconds),
        formatted(bytes / seconds / 1e9, 3), milliseconds(sum(\.bound)), milliseconds(sum(\.gap)),
      ])
    }
    return aligned(table)
  }

  private var sums: [String] {
    let gap = largestGap
    let place = gap.name + (gap.shape.isEmpty ? "" : " (\(gap.shape))")
    return [
      "The whole takes \(milliseconds(whole.median)) ms (\(milliseconds(whole.least)) – "
        + "\(milliseconds(whole.most)), \(whole.seconds.count) rounds); its operations one by one "
        + "\(milliseconds(explained)) ms, \(share(explained)) of it.",
      "The roofline is \(milliseconds(bound)) ms: the whole takes "
        + "\(formatted(whole.median / bound, 3)) times that.",
      "The largest gap is \(place): \(milliseconds(gap.seconds)) ms where the bound is "
        + "\(milliseconds(gap.bound)), \(share(gap.gap)) of the whole.",
      "Bound: the direct algorithm without the padding's zeros, all operations at the peak, or "
        + "inputs and outputs moved once.",
      "GFLOP/s are the direct algorithm's too, so an algorithm with fewer multiplications "
        + "(Winograd) may pass the peak and the bound.",
      "Spikes a neuron and step: \(formatted(spikeRate, 2)).",
    ]
  }

  private func milliseconds(_ seconds: Double) -> String {
    seconds > 0 && seconds < 1e-6 ? "< 0.001" : formatted(seconds * 1e3, 3)
  }

  private func share(_ seconds: Double) -> String {
    formatted(seconds / whole.median * 100, 3) + " %"
  }
}
