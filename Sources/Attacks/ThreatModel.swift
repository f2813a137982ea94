/// What the adversary may do: move each image x to an x′ in [0, 1] with ‖x′ − x‖ ≤ ε.
///
/// ε is in pixel units, where 0 is black and 1 is white, always: `.linf(8 / 255)`, never `.linf(8)`.
public enum ThreatModel: Equatable, Hashable, Sendable {
  /// Every pixel moves by at most ε; 0 ≤ ε ≤ 1.
  case linf(Double)
  /// The Euclidean length of an image's change is at most ε; 0 ≤ ε, finite.
  case l2(Double)

  /// How the size of a perturbation is measured.
  public enum Norm: String, Codable, Sendable, CaseIterable { case linf, l2 }

  public init(_ norm: Norm, epsilon: Double) {
    switch norm {
    case .linf: self = .linf(epsilon)
    case .l2: self = .l2(epsilon)
    }
  }

  public var norm: Norm {
    switch self {
    case .linf: .linf
    case .l2: .l2
    }
  }

  /// The radius of the ball, in pixel units.
  public var epsilon: Double {
    switch self {
    case .linf(let epsilon), .l2(let epsilon): epsilon
    }
  }

  /// Throws ``AttackError`` unless ε is one that the norm allows.
  public func check() throws(AttackError) {
    let largest = norm == .linf ? 1 : Double.greatestFiniteMagnitude
    guard epsilon >= 0, epsilon <= largest else {
      throw .unusable(
        .setting("ε"), expected: norm == .linf ? "0 ≤ ε ≤ 1" : "0 ≤ ε, finite",
        found: "\(epsilon)", remedy: "ε is in pixel units of [0, 1]: write 8/255, not 8")
    }
  }
}

extension ThreatModel: CustomStringConvertible {
  /// As `L∞ 8/255` where ε is a whole number of 255ths, else as `L∞ 0.1`.
  public var description: String {
    let levels = epsilon * 255
    let size =
      norm == .linf && abs(levels - levels.rounded()) < 1e-9 && levels != 0 && epsilon != 1
      ? "\(Int(levels.rounded()))/255" : "\(epsilon)"
    return (norm == .linf ? "L∞ " : "L2 ") + size
  }
}

extension ThreatModel: Codable {
  private enum Key: String, CodingKey { case norm, epsilon }

  /// Reads `{"norm": "linf", "epsilon": 0.03}`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self.init(
      try values.decode(Norm.self, forKey: .norm),
      epsilon: try values.decode(Double.self, forKey: .epsilon))
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(norm, forKey: .norm)
    try values.encode(epsilon, forKey: .epsilon)
  }
}
