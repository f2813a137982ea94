/// A proportion that was counted, with its 95 % confidence interval.
public struct BinomialInterval: Codable, Equatable, Sendable {
  public let successes: Int
  public let trials: Int
  /// Bounds of the true proportion, 0 ... 1.
  public let lower: Double
  public let upper: Double

  /// successes / trials, or nil where nothing was tried.
  public var proportion: Double? { trials == 0 ? nil : Double(successes) / Double(trials) }

  /// Wilson's score interval at 95 %: the p with |p̂ − p| ≤ z √(p(1 − p)/n), z = 1.96.
  ///
  ///     (p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n)
  ///
  /// Unlike p̂ ± z·SE it stays in [0, 1] and has a width where p̂ is 0 or 1. Nothing tried: [0, 1].
  /// It is about drawing the images, not about training again with another seed. E. B. Wilson, *Probable
  /// inference, the law of succession, and statistical inference*, JASA 22 (1927).
  ///
  /// - Precondition: 0 ≤ successes ≤ trials.
  public static func wilson(successes: Int, trials: Int) -> BinomialInterval {
    precondition(
      (0...max(trials, 0)).contains(successes) && trials >= 0,
      "wilson: \(successes) successes in \(trials) trials")
    let (lower, upper) = wilsonBounds(successes: Double(successes), trials: trials)
    return BinomialInterval(successes: successes, trials: trials, lower: lower, upper: upper)
  }

  /// The same for a sum that need not be whole.
  ///
  /// - Precondition: 0 ≤ successes ≤ trials, up to rounding.
  static func wilsonBounds(successes: Double, trials: Int) -> (lower: Double, upper: Double) {
    guard trials > 0 else { return (0, 1) }
    let z = 1.959963984540054  // the normal distribution's 97.5 % point
    let n = Double(trials)
    let p = min(max(successes / n, 0), 1)
    let scale = 1 / (1 + z * z / n)
    let centre = (p + z * z / (2 * n)) * scale
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() * scale
    // The formula's exact ends, without its rounding.
    return (p == 0 ? 0 : centre - half, p == 1 ? 1 : centre + half)
  }
}
