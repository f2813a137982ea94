#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the eigenvalues of a matrix are spread: φ(λ) = 1/n Σ δ(λ − λᵢ), estimated by quadratures of
/// random vectors.
public struct SpectralDensity: Codable, Equatable, Sendable {
  /// What one random vector v sees: vᵀf(H)v ≈ Σ wᵢ f(θᵢ).
  public struct Quadrature: Codable, Equatable, Sendable {
    /// θᵢ, ascending.
    public let nodes: [Double]
    /// wᵢ ≥ 0; they add up to 1.
    public let weights: [Double]

    public init(nodes: [Double], weights: [Double]) {
      precondition(
        nodes.count == weights.count && !nodes.isEmpty,
        "SpectralDensity: \(nodes.count) nodes, \(weights.count) weights")
      self.nodes = nodes
      self.weights = weights
    }

    /// Σ wᵢ f(θᵢ)
    func mean(of function: (Double) -> Double) -> Double {
      zip(nodes, weights).reduce(0) { $0 + $1.1 * function($1.0) }
    }
  }

  /// A mean over runs.
  public struct Mean: Codable, Equatable, Sendable {
    public let value: Double
    /// s / √runs, nil of one run.
    public let standardError: Double?
  }

  /// Of nodes, relative to the largest |θ|: what float32 may leave.
  public static let rounding = 1e-6

  /// n
  public let dimension: Int
  public let runs: [Quadrature]
  /// Products with the matrix.
  public let products: Int

  public init(dimension: Int, runs: [Quadrature], products: Int) {
    precondition(!runs.isEmpty, "SpectralDensity: no runs")
    self.dimension = dimension
    self.runs = runs
    self.products = products
  }

  /// The smallest and the largest node of all runs: inside the spectrum's own, and near its ends.
  public var range: ClosedRange<Double> {
    runs.map(\.nodes.first!).min()!...runs.map(\.nodes.last!).max()!
  }

  /// ∫ f dφ ≈ tr f(H) / n.
  public func mean(of function: (Double) -> Double) -> Mean {
    let values = runs.map { $0.mean(of: function) }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    guard values.count > 1 else { return Mean(value: mean, standardError: nil) }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Mean(value: mean, standardError: (squares / (count - 1) / count).squareRoot())
  }

  /// ∫ λᵏ dφ, for k below twice the steps without error of the quadrature: tr(Hᵏ)/n but for the
  /// choice of vectors.
  public func moment(_ power: Int) -> Mean { mean { pow($0, Double(power)) } }

  /// tr H = n ∫ λ dφ.
  public var trace: TraceEstimate {
    let first = moment(1)
    return TraceEstimate(
      value: Double(dimension) * first.value,
      standardError: first.standardError.map { Double(dimension) * $0 }, samples: runs.count,
      products: products, converged: true)
  }

  /// The share of eigenvalues below −tolerance · max |θ|: negative ones that are not zeros with an
  /// error of rounding.
  public func negativeShare(tolerance: Double = SpectralDensity.rounding) -> Mean {
    let limit = tolerance * max(abs(range.lowerBound), abs(range.upperBound))
    return mean { $0 < -limit ? 1 : 0 }
  }

  /// φ convolved with a Gaussian, on a grid of equal steps.
  ///
  ///     φ_σ(λ) = mean over runs of Σ wᵢ exp(−(λ − θᵢ)² / 2σ²) / (σ√2π)
  ///
  /// Its integral is 1; the grid reaches 5σ beyond the nodes, and shows that if its steps are no
  /// wider than σ.
  ///
  /// - Parameters:
  ///   - points: of the grid, 2 or more.
  ///   - width: σ; where nil, a hundredth of the range (of |λ|, where all nodes are one but for
  ///     rounding; of 1, where that is 0).
  public func smoothed(points: Int = 512, width: Double? = nil) -> SmoothedDensity {
    precondition(points >= 2, "SpectralDensity: expected two points or more, got \(points)")
    let range = range
    let spread = range.upperBound - range.lowerBound
    let magnitude = max(abs(range.lowerBound), abs(range.upperBound))
    // One eigenvalue differs from run to run by rounding: a grid that narrow would show nothing
    // else.
    let isPoint = spread <= Self.rounding * magnitude
    let size = isPoint ? (magnitude > 0 ? magnitude : 1) : spread
    let sigma = width ?? size / 100
    precondition(sigma > 0, "SpectralDensity: expected a width above 0, got \(sigma)")
    let start = range.lowerBound - 5 * sigma
    let step = (spread + 10 * sigma) / Double(points - 1)
    let grid = (0..<points).map { start + step * Double($0) }
    let peak = 1 / (sigma * (2 * Double.pi).squareRoot())
    return SmoothedDensity(
      width: sigma, eigenvalues: grid,
      density: grid.map { at in
        mean { node in
          let distance = (at - node) / sigma
          return peak * exp(-distance * distance / 2)
        }.value
      })
  }
}

/// A spectral density on a grid, for a chart.
public struct SmoothedDensity: Codable, Equatable, Sendable {
  /// σ of the Gaussian that smoothed it.
  public let width: Double
  /// λ, in equal steps.
  public let eigenvalues: [Double]
  /// φ_σ(λ), per unit of λ.
  public let density: [Double]
}
