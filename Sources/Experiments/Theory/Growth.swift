import Foundation

/// How an eigenvalue grows with the number of time steps: both laws that the paper's two versions claim, fitted to the same
/// points, and which of them describes these.
public struct Growth: Codable, Sendable, Equatable {
  public enum Verdict: String, Codable, Sendable {
    /// Fewer than ``leastPoints`` values other than 0.
    case tooFewPoints = "too-few-points"
    /// Neither exponent can be told from 0.
    case noTrend = "no-trend"
    /// It varies less than T^±``Growth/leastExponent`` would over these T: whatever law describes that, nothing grows.
    case flat
    case power
    case exponential
    /// Both fit, and about as well.
    case undecided
    /// A trend that is neither of both.
    case neither
  }

  /// λ that were 0 are left out: they have no logarithm.
  public let points: Int
  public let power: GrowthFit?
  public let exponential: GrowthFit?
  /// Largest over smallest |λ|.
  public let spread: Double?
  public let verdict: Verdict

  static let leastPoints = 4
  /// Over T from 1 to 32 a factor of 1.41.
  static let leastExponent = 0.1
  /// Below this share of the variance of log λ a law does not describe the points.
  static let leastR2 = 0.9
  /// Difference of Akaike's criterion, n · log of the ratio of the residuals, from which one law is better.
  static let leastDifference = 2.0

  /// - Parameter values: T and λ of either sign; |λ| is what grows.
  public init(_ values: [(steps: Int, value: Double)]) {
    let points = values.map { (steps: $0.steps, value: abs($0.value)) }.filter { $0.value > 0 }
    self.points = points.count
    power = GrowthFit(.power, points)
    exponential = GrowthFit(.exponential, points)
    let sizes = points.map(\.value)
    spread = sizes.isEmpty ? nil : sizes.max()! / sizes.min()!
    let steps = points.map { Double($0.steps) }
    let least = steps.isEmpty ? 1 : pow(steps.max()! / steps.min()!, Self.leastExponent)
    verdict = Self.verdict(
      points.count, power, exponential, isFlat: spread.map { $0 < least } ?? true)
  }

  private static func verdict(
    _ count: Int, _ power: GrowthFit?, _ exponential: GrowthFit?, isFlat: Bool
  ) -> Verdict {
    guard count >= leastPoints, let power, let exponential else { return .tooFewPoints }
    guard let best = [power.r2, exponential.r2].compactMap(\.self).max(),
      !power.admits(0) || !exponential.admits(0)
    else { return .noTrend }
    guard !isFlat else { return .flat }
    guard best >= leastR2 else { return .neither }
    // Exact points of one law leave rounding only.
    let floor = 1e-20
    let difference =
      Double(count)
      * log(max(power.residual, floor) / max(exponential.residual, floor))
    if abs(difference) < leastDifference { return .undecided }
    return difference < 0 ? .power : .exponential
  }

  /// One plain sentence without its full stop.
  public var sentence: String {
    let range = spread.map { "|λ| varies by a factor of \(NumberText.decimal($0, 2))" } ?? ""
    guard let power, let exponential, verdict != .tooFewPoints else {
      return "too few values for a law: \(points) of the \(Self.leastPoints) it takes"
    }
    let a = "a = \(Self.text(power))"
    let b = "b = \(Self.text(exponential))"
    switch verdict {
    case .tooFewPoints, .noTrend:
      return "no growth with T that can be told from none: \(range), \(a), \(b)"
    case .flat:
      return "it hardly changes with T: \(range), \(a), \(b)"
    case .power:
      let linear = power.admits(1) ? "Θ(T) is within" : "Θ(T), a = 1, is not within"
      return
        "it \(Self.verb(power)), and a power law, T^a with \(a), describes it better than an exponential; "
        + "\(linear); \(range)"
    case .exponential:
      return
        "it \(Self.verb(exponential)), and an exponential, e^(bT) with \(b), describes it better than a "
        + "power law; \(range)"
    case .undecided:
      return
        "it \(Self.verb(power)), and a power law (\(a)) and an exponential (\(b)) describe it about as well; "
        + range
    case .neither:
      return "neither law describes it (R² below \(Self.leastR2)): \(range), \(a), \(b)"
    }
  }

  private static func verb(_ fit: GrowthFit) -> String {
    fit.exponent < 0 ? "falls with T" : "grows with T"
  }

  /// `0.120 (0.050 to 0.190)`
  static func text(_ fit: GrowthFit) -> String {
    let numbers = [fit.exponent, fit.low, fit.high].map {
      NumberText.decimal($0, 3).replacing("-", with: "−")
    }
    return "\(numbers[0]) (\(numbers[1]) to \(numbers[2]))"
  }
}
