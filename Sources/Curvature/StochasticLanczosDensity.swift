public import Torch

/// The spectral density of a symmetric matrix by stochastic Lanczos quadrature.
///
/// Each run takes a random v of ±1/√n and m Lanczos steps with full reorthogonalisation. The
/// eigenvalues θᵢ of the tridiagonal matrix and the squares wᵢ of the first components of its
/// eigenvectors are Gauss's nodes and weights:
///
///     Σ wᵢ θᵢᵏ = vᵀHᵏv for k < 2m,  E vᵀHᵏv = tr(Hᵏ)/n
///
/// Costs runs · steps products, and `steps` + 4 vectors `[n]` of memory. A run whose vector meets
/// fewer eigenvalues than steps ends early, and is exact.
///
/// Sources: Golub and Welsch 1969; Ubaru, Chen and Saad, "Fast estimation of tr(f(A)) via
/// stochastic Lanczos quadrature", 2017; Ghorbani, Krishnan and Xiao, "An Investigation into Neural
/// Net Optimization via Hessian Eigenvalue Density", 2019.
public struct StochasticLanczosDensity: Sendable {
  public var runs: Int
  /// m, at most.
  public var steps: Int
  /// Of the random signs.
  public var seed: UInt64
  /// Vectors `[n]` to start from instead, one for each run: finite, of the matrix's type, not 0.
  /// They are normalised.
  public var starts: [Tensor]?

  /// - Precondition: a run and a step or more, and as many starts as runs where they are given.
  public init(runs: Int = 4, steps: Int = 50, seed: UInt64 = 0, starts: [Tensor]? = nil) {
    precondition(
      runs >= 1 && steps >= 1 && starts?.count ?? runs == runs,
      "StochasticLanczosDensity: expected a run and a step or more, and a start for each run, got "
        + "\(runs), \(steps) and \(starts?.count ?? runs)")
    self.runs = runs
    self.steps = steps
    self.seed = seed
    self.starts = starts
  }

  /// - Throws: ``CurvatureError`` where a product fails.
  public func callAsFunction(
    _ matrix: some LinearOperator
  ) throws(CurvatureError) -> SpectralDensity {
    let generator = Generator(seed: seed)
    var quadratures: [SpectralDensity.Quadrature] = []
    var products = 0
    for run in 0..<runs {
      var recurrence = LanczosRecurrence(
        matrix, capacity: min(steps, matrix.dimension), seed: seed)
      recurrence.beginSequence(
        from: starts.map { matrix.checked(start: $0[run], of: "StochasticLanczosDensity") }
          ?? matrix.randomSigns(using: generator))
      while !recurrence.isExhausted, !recurrence.basis.isFull { try recurrence.advance() }
      products += recurrence.products
      do {
        let pairs = try recurrence.projected.ritzPairs()
        quadratures.append(
          .init(
            nodes: pairs.map(\.value),
            weights: pairs.map { $0.coefficients[0] * $0.coefficients[0] }))
      } catch { throw .engine(error) }
    }
    return SpectralDensity(dimension: matrix.dimension, runs: quadratures, products: products)
  }
}
