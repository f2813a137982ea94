/// Times of a workload's operations against the least that the machine's ceilings allow.
struct RooflineAnalysis: Codable {
  struct Row: Codable {
    let layer: String
    let operation: String
    /// Empty where there is only one.
    let direction: String
    let shape: String
    /// Of the direct algorithm, without the padding's zeros; 0 where elementwise work is not
    /// counted.
    let operations: Double
    /// The same with the padding's zeros.
    let paddedOperations: Double
    /// Inputs and outputs once.
    let bytes: Double
    var samples = Samples()
    /// The least time for as many operations and bytes, in seconds.
    var bound = 0.0

    var seconds: Double { samples.median }
    /// How much longer it takes, in seconds; negative where another algorithm needs fewer
    /// operations.
    var gap: Double { seconds - bound }
    var name: String {
      [layer, operation, direction].filter { !$0.isEmpty }.joined(separator: ", ")
    }
  }

  let workload: Workload
  let setting: String
  let threads: Int
  /// Spikes a neuron and time step, over all layers.
  let spikeRate: Double
  let agreement: Agreement
  let whole: Samples
  let rows: [Row]

  init(
    workload: Workload, setting: String, threads: Int, spikeRate: Double,
    agreement: Agreement, whole: Samples,
    rows: [Row], ceilings: Ceilings
  ) {
    (self.workload, self.setting, self.threads) = (workload, setting, threads)
    (self.spikeRate, self.agreement, self.whole) = (spikeRate, agreement, whole)
    self.rows = rows.map {
      var row = $0
      row.bound = ceilings.bound(operations: row.operations, bytes: row.bytes)
      return row
    }
  }

  /// Sum of the operations' medians.
  var explained: Double { rows.reduce(0) { $0 + $1.seconds } }
  var bound: Double { rows.reduce(0) { $0 + $1.bound } }
  var largestGap: Row { rows.max { $0.gap < $1.gap }! }

  /// Rows of one kind and direction as one, in the order in which they come first.
  var groups: [(name: String, rows: [Row])] {
    var groups: [(name: String, rows: [Row])] = []
    for row in rows {
      let name =
        row.direction.isEmpty ? row.operation : "\(row.operation), \(row.direction)"
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].rows.append(row)
      } else {
        groups.append((name, [row]))
      }
    }
    return groups
  }
}
