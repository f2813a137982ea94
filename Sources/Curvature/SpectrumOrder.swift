/// Which end of a spectrum is meant by the top.
public enum SpectrumOrder: String, Codable, Sendable, CaseIterable {
  /// The largest |λ| first, whatever the sign. λ and −λ come in either order.
  case magnitude
  /// The largest λ first.
  case algebraic
  /// The smallest λ first: the most negative curvature.
  case smallest

  /// Whether a value comes before another.
  func ranks(_ a: Double, before b: Double) -> Bool {
    switch self {
    case .magnitude: abs(a) > abs(b)
    case .algebraic: a > b
    case .smallest: a < b
    }
  }
}
