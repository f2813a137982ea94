import Torch

/// The rows of a dissected workload, filled round after round in the same order.
struct OperationLedger {
  private(set) var rows: [RooflineAnalysis.Row] = []
  private var next = 0

  mutating func startRound() { next = 0 }

  /// Keeps the rows and forgets their times, after rounds that do not count.
  mutating func forgetTimes() {
    for index in rows.indices { rows[index].samples = Samples() }
  }

  /// - Parameter touched: what has to be read or written, at least once.
  mutating func note(
    _ operation: NetworkOperation, _ direction: String, input: Tensor, output: Tensor,
    touched: [Tensor], seconds: Double
  ) {
    let arithmetic = operation.arithmetic(input: input)
    note(
      RooflineAnalysis.Row(
        layer: operation.layer, operation: operation.kind.rawValue, direction: direction,
        shape: operation.shape(input: input, output: output), operations: arithmetic.least,
        paddedOperations: arithmetic.padded, bytes: bytes(touched)), seconds)
  }

  /// What is no layer's.
  mutating func note(_ name: String, touched: [Tensor], seconds: Double) {
    note(
      RooflineAnalysis.Row(
        layer: "", operation: name, direction: "", shape: "", operations: 0, paddedOperations: 0,
        bytes: bytes(touched)), seconds)
  }

  private mutating func note(_ row: RooflineAnalysis.Row, _ seconds: Double) {
    if next == rows.count { rows.append(row) }
    precondition(rows[next].name == row.name, "\(row.name) where \(rows[next].name) was before")
    rows[next].samples.seconds.append(seconds)
    next += 1
  }

  private func bytes(_ tensors: [Tensor]) -> Double {
    tensors.reduce(0) { $0 + Double($1.count * $1.dtype.byteCount) }
  }
}
