/// What was measured of one setting: equal results, then times.
struct Comparison: Codable {
  struct Side: Codable {
    let name: String
    let samples: Samples
    /// Whose side it is, where it is not ours.
    var peer: String?
    /// Of what its process loaded.
    var versions: [String: String]?
    /// Highest resident memory of the side's process, where it has one of its own.
    var peakBytes: Int?
    /// Resident memory of that process before its first step.
    var idleBytes: Int?
    /// Products with a matrix that each sample took.
    var products: [Int]?
    /// Of the processors, user and system, in the median sample.
    var processorSeconds: Double?
    /// The largest ‖Hx − θx‖ of what came out, relative to the largest |θ|.
    var residual: Double?
  }

  /// Who is not in the table, and why.
  struct Exclusion: Codable {
    let name: String
    let reason: String
    var line: String { "\(name): not comparable: \(reason)" }
  }

  let title: String
  let unit: TimeUnit
  let agreements: [Agreement]
  /// The first is what the others are measured against.
  var sides: [Side]
  let loadBefore: Double
  let loadAfter: Double
  var notes: [String] = []
  var excluded: [Exclusion] = []

  enum TimeUnit: String, Codable {
    case nanoseconds = "ns"
    case milliseconds = "ms"
    var perSecond: Double { self == .nanoseconds ? 1e9 : 1e3 }
  }

  /// Measures contestants in turns.
  static func measure(
    _ title: String, _ unit: TimeUnit, _ agreements: [Agreement], _ contestants: [Contestant],
    rounds: Int, notes: [String] = []
  ) throws -> Comparison {
    let before = Machine.loadNow
    let samples = try alternate(contestants, rounds: rounds)
    return Comparison(
      title: title, unit: unit, agreements: agreements,
      sides: zip(contestants, samples).map { Side(name: $0.name, samples: $1) },
      loadBefore: before, loadAfter: Machine.loadNow, notes: notes)
  }

  /// Median of a side over the median of the first: above 1 means that the first is faster.
  func ratio(_ side: Side) -> Double { side.samples.median / sides[0].samples.median }

  /// Median of the rounds' own ratios: what slows a whole round down cancels out.
  func pairedRatio(_ side: Side) -> Double {
    Samples(seconds: zip(side.samples.seconds, sides[0].samples.seconds).map { $0 / $1 }).median
  }

  /// Median and spread of one side.
  func time(of side: Side) -> String {
    let time = { (seconds: Double) in formatted(seconds * unit.perSecond, 3) }
    let samples = side.samples
    return "\(time(samples.median)) (\(time(samples.least)) – \(time(samples.most)))"
  }

  var table: String {
    var lines = [title]
    lines += agreements.map { "  equal: " + $0.description }
    let memory = sides.contains { $0.peakBytes != nil }
    let counted = sides.contains { $0.products != nil }
    var rows = [
      ["", "median", "min – max", "ratio", "paired"]
        + (counted ? ["CPU s", "products", "ms each", "residual"] : [])
        + (memory ? ["peak MiB", "idle MiB", "above idle"] : [])
    ]
    for side in sides {
      let time = { (seconds: Double) in formatted(seconds * unit.perSecond, 4) }
      var row = [
        side.name, "\(time(side.samples.median)) \(unit.rawValue)",
        "\(time(side.samples.least)) – \(time(side.samples.most))", formatted(ratio(side), 3),
        formatted(pairedRatio(side), 3),
      ]
      if counted {
        let products = Double(side.products?.reduce(0, +) ?? 0)
        let seconds = side.samples.seconds.reduce(0, +)
        row += [
          side.processorSeconds.map { formatted($0, 3) } ?? "–",
          side.products.map { $0.map(String.init).joined(separator: " ") } ?? "–",
          formatted(seconds * 1e3 / products, 4),
          side.residual.map(scientific) ?? "–",
        ]
      }
      if memory {
        let above = side.peakBytes.flatMap { peak in side.idleBytes.map { peak - $0 } }
        row += [side.peakBytes, side.idleBytes, above].map(mebibytes)
      }
      rows.append(row)
    }
    lines += aligned(rows).map { "  " + $0 }
    lines += excluded.map { "  " + $0.line }
    let rounds = sides[0].samples.seconds.count
    lines.append(
      "  \(rounds) rounds; load average \(formatted(loadBefore, 3)) before, "
        + "\(formatted(loadAfter, 3)) after")
    lines += notes.map { "  " + $0 }
    return lines.joined(separator: "\n")
  }

  private func mebibytes(_ bytes: Int?) -> String {
    bytes.map { formatted(Double($0) / 1_048_576, 4) } ?? "–"
  }
}
