/// A number that the project wants to reach, and what was measured.
struct Target: Codable {
  let what: String
  /// At least, or at most, this.
  let bound: Double
  let isLowerBound: Bool
  /// What is hoped for beyond the bound.
  var aim: Double?
  let measured: Double
  /// Against whom, and what else belongs to the number.
  let remark: String
  /// Peers that could not be compared: one of them might have been the best.
  var missing: [String] = []

  var isMet: Bool {
    missing.isEmpty && (isLowerBound ? measured >= bound : measured <= bound)
  }

  static let header = ["target", "wanted", "aim", "measured", "", "remark"]

  var row: [String] {
    [
      what, "\(isLowerBound ? "≥" : "≤") \(formatted(bound, 2))",
      aim.map { formatted($0, 2) } ?? "–", formatted(measured, 3),
      isMet ? "met" : "not met", remark + missing.map { "; without \($0)" }.joined(),
    ]
  }
}

extension [Comparison] {
  /// The fastest peer's time over ours; nil where no peer was comparable.
  func speed(_ what: String, atLeast bound: Double, aim: Double? = nil) -> Target? {
    let peers = flatMap { comparison in
      comparison.sides.filter { $0.peer != nil }.map { (comparison, $0) }
    }
    guard let (comparison, side) = peers.min(by: { $0.0.ratio($0.1) < $1.0.ratio($1.1) }) else {
      return nil
    }
    return Target(
      what: what, bound: bound, isLowerBound: true, aim: aim, measured: comparison.ratio(side),
      remark: "\(side.name); paired \(formatted(comparison.pairedRatio(side), 3))",
      missing: flatMap(\.excluded).map(\.name))
  }

  /// Our peak memory over that of the peer that needs least, each in its fastest variant, and the same above what each
  /// held when idle.
  func memory(_ what: String, atMost bound: Double) -> [Target] {
    let ours = compactMap(\.sides.first)
    let peers = flatMap(\.sides).filter { $0.peer != nil }
    func target(_ what: String, _ bytes: (Comparison.Side) -> Int?) -> Target? {
      let least = peers.filter { bytes($0) != nil }.min { bytes($0)! < bytes($1)! }
      guard let least, let own = ours.compactMap(bytes).max() else { return nil }
      return Target(
        what: what, bound: bound, isLowerBound: false,
        measured: Double(own) / Double(bytes(least)!), remark: least.name,
        missing: flatMap(\.excluded).map(\.name))
    }
    return [
      target("\(what), peak memory", \.peakBytes),
      target("\(what), peak memory above idle") { side in
        side.peakBytes.flatMap { peak in side.idleBytes.map { peak - $0 } }
      },
    ].compactMap { $0 }
  }

  /// The share by which the row of that name is slower than the first.
  func surcharge(_ what: String, of name: String, atMost bound: Double) -> Target? {
    for comparison in self {
      guard let side = comparison.sides.first(where: { $0.name == name }) else { continue }
      return Target(
        what: what, bound: bound, isLowerBound: false,
        measured: comparison.pairedRatio(side) - 1,
        remark: "a share of the step; of the medians \(formatted(comparison.ratio(side) - 1, 3))")
    }
    return nil
  }
}
