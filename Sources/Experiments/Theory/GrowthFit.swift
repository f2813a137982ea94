import Foundation

/// A law of growth with the number of time steps, fitted by least squares to log λ:
///
///     power:        log λ = c + a · log T     (Θ(T) is a = 1)
///     exponential:  log λ = c + b · T
///
/// The interval of the exponent takes the residuals as independent and normal (Student, n − 2 degrees of freedom). Where
/// each λ is exact it says how far the points are from the law, not what another draw would give.
public struct GrowthFit: Codable, Sendable, Equatable {
  public enum Law: String, Codable, Sendable, CaseIterable { case power, exponential }

  public let law: Law
  /// a or b.
  public let exponent: Double
  /// Of the 95 % interval.
  public let low: Double
  public let high: Double
  /// c
  public let intercept: Double
  /// 1 − residual / total sum of squares of log λ; nil where log λ does not vary.
  public let r2: Double?
  /// Residual sum of squares of log λ.
  public let residual: Double

  /// - Parameter points: T and λ > 0. nil below three points with two different T: there would be no residual.
  public init?(_ law: Law, _ points: [(steps: Int, value: Double)]) {
    precondition(points.allSatisfy { $0.value > 0 }, "GrowthFit: a logarithm needs λ > 0")
    let x = points.map { law == .power ? log(Double($0.steps)) : Double($0.steps) }
    let y = points.map { log($0.value) }
    let n = Double(points.count)
    let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    let spread = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
    guard points.count >= 3, spread > 0 else { return nil }
    let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    let slope = covariance / spread
    let intercept = meanY - slope * meanX
    let residual = zip(x, y).reduce(0) {
      let difference = $1.1 - intercept - slope * $1.0
      return $0 + difference * difference
    }
    let total = y.reduce(0) { $0 + ($1 - meanY) * ($1 - meanY) }
    let margin =
      StudentDistribution.quantile(0.975, degreesOfFreedom: points.count - 2)
      * (residual / (n - 2) / spread).squareRoot()
    self.law = law
    exponent = slope
    (low, high) = (slope - margin, slope + margin)
    self.intercept = intercept
    // Rounding alone makes differences of this size.
    r2 = total > 1e-24 * n ? 1 - residual / total : nil
    self.residual = residual
  }

  /// Whether the interval holds a value.
  public func admits(_ exponent: Double) -> Bool { low <= exponent && exponent <= high }
}

/// Student's t distribution for whole degrees of freedom.
enum StudentDistribution {
  /// P(|t| ≤ x), by the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4.
  static func centralProbability(_ x: Double, degreesOfFreedom n: Int) -> Double {
    let angle = atan(x / Double(n).squareRoot())
    let (sine, cosine) = (sin(angle), cos(angle))
    var (term, sum) = (1.0, 0.0)
    if n.isMultiple(of: 2) {
      for k in stride(from: 1, through: n - 1, by: 2) {
        sum += term
        term *= cosine * cosine * Double(k) / Double(k + 1)
      }
      return sine * sum
    }
    for k in stride(from: 2, through: n - 1, by: 2) {
      sum += term
      term *= cosine * cosine * Double(k) / Double(k + 1)
    }
    return 2 / .pi * (angle + sine * cosine * sum)
  }

  /// x with P(t ≤ x) = `probability`, above one half.
  static func quantile(_ probability: Double, degreesOfFreedom n: Int) -> Double {
    var (low, high) = (0.0, 1.0)
    let central = 2 * probability - 1
    while centralProbability(high, degreesOfFreedom: n) < central { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if centralProbability(middle, degreesOfFreedom: n) < central {
        low = middle
      } else {
        high = middle
      }
    }
    return high
  }
}
