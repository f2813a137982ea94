import Foundation

/// The exponent p of y ∝ xᵖ.
struct GrowthExponent {
  /// Least squares over the logarithms of all points; nil for fewer than two.
  let overall: Double?
  /// Between the two largest.
  let last: Double?

  init(_ points: [(x: Double, y: Double)]) {
    let logs = points.filter { $0.y > 0 }.map { (x: log($0.x), y: log($0.y)) }
    overall = Self.slope(logs)
    last = Self.slope(Array(logs.suffix(2)))
  }

  private static func slope(_ points: [(x: Double, y: Double)]) -> Double? {
    guard points.count >= 2 else { return nil }
    let n = Double(points.count)
    let (meanX, meanY) = (
      points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n
    )
    let covariance = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
    return covariance / points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
  }

  var text: String {
    guard let overall, let last else { return "–" }
    return "\(formatted(overall, 2)) (last \(formatted(last, 2)))"
  }
}
