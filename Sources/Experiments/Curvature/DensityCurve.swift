/// The spectral density of a matrix by stochastic Lanczos quadrature, as records hold it.
public struct DensityCurve: Codable, Sendable, Equatable {
  /// One random vector: Gauss quadrature of the density as it sees it.
  public struct Run: Codable, Sendable, Equatable {
    /// Ritz values.
    public let nodes: [Double]
    /// They add up to 1.
    public let weights: [Double]
  }

  /// A point of the smoothed curve, whose integral is 1.
  public struct Point: Codable, Sendable, Equatable {
    public let eigenvalue: Double
    public let density: Double
  }

  /// Asked for in each run.
  public let steps: Int
  public let runs: [Run]
  public let points: [Point]

  /// From the smallest node to the largest.
  public var range: ClosedRange<Double> {
    let nodes = runs.flatMap(\.nodes)
    return (nodes.min() ?? 0)...(nodes.max() ?? 0)
  }
}
