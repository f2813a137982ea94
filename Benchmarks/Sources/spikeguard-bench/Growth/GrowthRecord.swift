import Foundation

/// All sweeps around one setting, as `--json` keeps them.
struct GrowthRecord: Codable {
  let base: String
  /// What a process may allocate, in bytes.
  let memoryLimit: Int
  /// Where each peer's fastest variant was looked for.
  var searched: [String] = []
  /// Peers that could not be measured at all, and why.
  var excluded: [String] = []
  var sweeps: [GrowthSweep] = []

  var notes: String {
    let limit = formatted(Double(memoryLimit) / 1_073_741_824, 3)
    return
      ([
        "The best peer at each point: the fastest for time, the leanest for memory, ours by turns with it; the record has all.",
        "Each peer runs in the variant in which it is the fastest at the base.",
        "Memory is the process's highest resident (VmHWM) less what it held before its first run.",
        "A process may allocate \(limit) GiB; what needs more is given as such.",
        "Exponents: slope of the logarithms, over all points and between the last two.",
      ] + equality + searched + excluded.map { "not measured: \($0)" })
      .map { "  " + $0 }.joined(separator: "\n")
  }

  /// Of each kind of agreement the worst.
  private var equality: [String] {
    let all = points.flatMap(\.peers).flatMap(\.agreements)
    guard !all.isEmpty else { return ["equal: nothing was compared"] }
    return Dictionary(grouping: all, by: \.what).sorted { $0.key < $1.key }.map { what, ones in
      let worst = ones.max {
        ($0.error / $0.tolerance, $0.error) < ($1.error / $1.tolerance, $1.error)
      }!
      return "equal, the worst of \(ones.count) comparisons: \(worst.description)"
    }
  }

  /// Each once, though sweeps have points in common.
  private var points: [GrowthPoint] {
    var known: Set<String> = []
    return sweeps.flatMap(\.points).filter { known.insert($0.setting).inserted }
  }

  /// What ought to have been measured and was not: not what memory forbids.
  var failures: [String] {
    excluded
      + points.flatMap { point in
        point.outcomes.compactMap { name, outcome in
          guard case .failed(let reason) = outcome else { return nil }
          return "\(point.setting), \(name): \(reason)"
        }
      }
  }
}

/// One quantity varied, one run.
struct GrowthSweep: Codable {
  let quantity: GrowthQuantity
  let run: GrowthRun
  var points: [GrowthPoint] = []
}

/// All sides at one setting.
struct GrowthPoint: Codable {
  let value: Double
  /// What tells it from others, as sweeps have points in common.
  let setting: String
  var peers: [GrowthPeer] = []
  /// Ours where there is no peer, or why nothing could be measured.
  var alone: GrowthOutcome?

  /// The same measurement under another quantity's value.
  func at(_ value: Double) -> GrowthPoint {
    GrowthPoint(value: value, setting: setting, peers: peers, alone: alone)
  }

  /// The peer with the least of a number; nil where no peer has it.
  func best(_ number: (GrowthOutcome) -> Double?) -> GrowthPeer? {
    peers.filter { number($0.outcome) != nil }
      .min { number($0.outcome)! < number($1.outcome)! }
  }

  /// Ours by turns with the best peer; where there is none, with any.
  func ours(besideBest number: (GrowthOutcome) -> Double?) -> GrowthOutcome {
    best(number)?.ours ?? alone ?? peers.map(\.ours).first { number($0) != nil }
      ?? peers.first?.ours ?? .failed("nothing was measured")
  }

  var outcomes: [(name: String, outcome: GrowthOutcome)] {
    (alone.map { [("Spikeguard", $0)] } ?? [])
      + peers.flatMap { [("Spikeguard beside \($0.name)", $0.ours), ($0.name, $0.outcome)] }
  }
}

/// A peer at one setting.
struct GrowthPeer: Codable {
  let name: String
  let variant: String
  /// Our side, by turns with it.
  let ours: GrowthOutcome
  var outcome: GrowthOutcome
  var agreements: [Agreement] = []
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
