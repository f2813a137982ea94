/// Repeated measurements of one side, in seconds.
struct Samples: Codable {
  var seconds: [Double] = []

  var median: Double {
    let sorted = seconds.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
  var least: Double { seconds.min() ?? .nan }
  var most: Double { seconds.max() ?? .nan }
}

/// One side of a comparison: a name and how to measure it once, in seconds.
struct Contestant {
  let name: String
  let measure: () throws -> Double
  /// What is done once before; a measurement that does not count if not given.
  let warmUp: () throws -> Void

  init(
    _ name: String, warmUp: (() throws -> Void)? = nil, measure: @escaping () throws -> Double
  ) {
    self.name = name
    self.measure = measure
    self.warmUp = warmUp ?? { _ = try measure() }
  }

  /// Times a body, a number of calls at once for short ones; the result is that of one call.
  init(_ name: String, calls: Int = 1, body: @escaping () throws -> Void) {
    self.init(name) {
      let clock = ContinuousClock()
      let elapsed = try clock.measure { for _ in 0..<calls { try body() } }
      return elapsed / .seconds(1) / Double(calls)
    }
  }
}

/// Lets the contestants take turns, after one round that does not count.
func alternate(_ contestants: [Contestant], rounds: Int) throws -> [Samples] {
  var samples = contestants.map { _ in Samples() }
  for contestant in contestants { try contestant.warmUp() }
  for _ in 0..<rounds {
    for (index, contestant) in contestants.enumerated() {
      samples[index].seconds.append(try contestant.measure())
    }
  }
  return samples
}
