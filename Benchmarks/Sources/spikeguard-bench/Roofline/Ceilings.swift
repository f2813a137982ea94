import Torch

/// What this machine reaches at best, measured: arithmetic and traffic.
struct Ceilings: Codable {
  struct Arithmetic: Codable {
    let name: String
    let shape: String
    let threads: Int
    let operationsPerSecond: Double
  }

  struct Traffic: Codable {
    enum Kind: String, Codable, CaseIterable {
      case copy
      case read
    }
    let kind: Kind
    /// Of all memory that is touched.
    let bytes: Int
    let threads: Int
    let bytesPerSecond: Double
  }

  let threads: Int
  var arithmetic: [Arithmetic] = []
  var traffic: [Traffic] = []

  /// The best of all arithmetic, in operations a second.
  var peak: Arithmetic {
    arithmetic.max { $0.operationsPerSecond < $1.operationsPerSecond }!
  }

  /// The fastest traffic of as many bytes or more, counted from the largest measured size that is
  /// not above them.
  ///
  /// Smaller sizes lie in faster caches, so what is returned is not below the machine's.
  func bandwidth(for bytes: Double) -> Double {
    let sizes = traffic.map(\.bytes)
    let size = sizes.filter { Double($0) <= bytes }.max() ?? sizes.min()!
    return traffic.filter { $0.bytes >= size }.map(\.bytesPerSecond).max()!
  }

  /// max(operations / peak, bytes / bandwidth): a program with so many of both takes no less.
  func bound(operations: Double, bytes: Double) -> Double {
    max(operations / peak.operationsPerSecond, bytes / bandwidth(for: bytes))
  }

  static func measure(quick: Bool) throws -> Ceilings {
    let all = Engine.threads
    defer { Engine.threads = all }
    var ceilings = Ceilings(threads: all)
    for threads in Set([1, all]).sorted() {
      Engine.threads = threads
      ceilings.arithmetic += try MatrixProductYardstick.best(quick: quick)
      ceilings.arithmetic += try ConvolutionYardstick.best(quick: quick)
      ceilings.traffic += try TrafficYardstick.all(quick: quick)
    }
    return ceilings
  }

  var text: String {
    var lines = ["Ceilings: the best of several runs, float32, the engine's own operations"]
    var rows = [["", "shape", "threads", "GFLOP/s"]]
    rows += arithmetic.map {
      [$0.name, $0.shape, "\($0.threads)", formatted($0.operationsPerSecond / 1e9, 3)]
    }
    lines += aligned(rows).map { "  " + $0 }
    rows = [["", "MiB touched", "threads", "GB/s"]]
    rows += traffic.map {
      [
        $0.kind.rawValue, formatted(Double($0.bytes) / 1_048_576, 3), "\($0.threads)",
        formatted($0.bytesPerSecond / 1e9, 3),
      ]
    }
    lines += aligned(rows).map { "  " + $0 }
    lines.append(
      "  A copy counts what it reads and what it writes. Below, the peak is "
        + "\(formatted(peak.operationsPerSecond / 1e9, 3)) GFLOP/s (\(peak.name), \(peak.shape)).")
    return lines.joined(separator: "\n")
  }
}

/// The least time of a body, in seconds, over a number of repetitions and at least so long
/// altogether.
func leastTime(seconds: Double, _ body: () throws -> Void) rethrows -> Double {
  try body()
  var (least, total, count) = (Double.infinity, 0.0, 0)
  while total < seconds || count < 3 {
    let time = try ContinuousClock().measure { try body() } / .seconds(1)
    (least, total, count) = (min(least, time), total + time, count + 1)
  }
  return least
}
