import Foundation

/// All sweeps around one setting, as `--json` keeps them.
struct GrowthRecord: Codable {
  let base: String
  let agreement: Agreement
  /// What a process may allocate, in bytes.
  let memoryLimit: Int
  var sweeps: [GrowthSweep] = []

  var notes: String {
    let differences = sweeps.flatMap(\.points).compactMap(\.lossDifference)
    let difference = scientific(differences.max() ?? 0)
    let limit = formatted(Double(memoryLimit) / 1_073_741_824, 3)
    return """
        Memory is the process's highest resident (VmHWM) less what it held before its first run.
        A process may allocate \(limit) GiB; what needs more is given as such.
        Exponents: slope of the logarithms, over all points and between the last two.
        Losses of the first steps in float32 differ by at most \(difference).
      """
  }
}

/// One quantity varied, one run.
struct GrowthSweep: Codable {
  let quantity: GrowthQuantity
  let run: GrowthRun
  var points: [GrowthPoint] = []
}

/// Both sides at one setting.
struct GrowthPoint: Codable {
  let value: Double
  let ours: GrowthOutcome
  let peer: GrowthOutcome
  /// Of the first training step, between the sides.
  let lossDifference: Double?

  /// The same measurement under another quantity's value.
  func at(_ value: Double) -> GrowthPoint {
    GrowthPoint(value: value, ours: ours, peer: peer, lossDifference: lossDifference)
  }
}

/// What one process did.
enum GrowthOutcome: Codable {
  case measured(samples: Samples, peakBytes: Int, idleBytes: Int)
  /// Memory was not enough.
  case doesNotFit
  case failed(String)

  var seconds: Double? {
    guard case .measured(let samples, _, _) = self else { return nil }
    return samples.median
  }

  /// Highest resident memory above that before the first run.
  var addedBytes: Double? {
    guard case .measured(_, let peak, let idle) = self else { return nil }
    return Double(peak - idle)
  }

  /// Why there are no numbers.
  var absence: String? {
    switch self {
    case .measured: nil
    case .doesNotFit: "does not fit"
    case .failed(let reason): "failed: \(reason)"
    }
  }
}

/// The exponent p of y ∝ xᵖ.
struct GrowthExponent {
  /// Least squares over the logarithms of all points; nil for fewer than two.
  let overall: Double?
  /// Between the two largest.
  let last: Double?

  init(_ points: [(x: Double, y: Double)]) {
    let logs = points.filter { $0.y > 0 }.map { (x: log($0.x), y: log($0.y)) }
    overall = Self.slope(logs)
    last = Self.slope(Array(logs.suffix(2)))
  }

  private static func slope(_ points: [(x: Double, y: Double)]) -> Double? {
    guard points.count >= 2 else { return nil }
    let n = Double(points.count)
    let (meanX, meanY) = (
      points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n
    )
    let covariance = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
    return covariance / points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
  }

  var text: String {
    guard let overall, let last else { return "–" }
    return "\(formatted(overall, 2)) (last \(formatted(last, 2)))"
  }
}
