public import Torch

/// How far a square matrix A, known by its products, is from symmetric: an estimate of ‖A − Aᵀ‖ /
/// ‖A‖ (Frobenius).
///
/// 0 for a symmetric matrix, √2 for one with independent entries, 2 for an antisymmetric one. It is
/// estimated from random normal vectors, so it comes with its sampling error.
public struct Asymmetry: Codable, Equatable, Sendable {
  /// ‖A − Aᵀ‖ / ‖A‖
  public let value: Double
  /// Of the value, from the spread between draws (delta method); too small where there are only few
  /// draws, for they are heavy-tailed where one eigenvalue dominates.
  public let standardError: Double
  /// Draws, two products each.
  public let draws: Int

  /// From pairs of vectors, with products of one kind only:
  ///
  ///     E (uᵀ(A − Aᵀ)v)² = ‖A − Aᵀ‖²,     E ‖Au‖² = ‖A‖²
  ///
  /// - Parameters:
  ///   - product: v ↦ Av or v ↦ Aᵀv, which have the same asymmetry.
  ///   - like: a vector `[n]`, of which shape, type and device are taken.
  /// - Throws: ``CurvatureError`` where a product fails, or is not finite.
  /// - Precondition: at least two draws.
  public init(
    draws: Int = 16, seed: UInt64 = 0, like example: Tensor,
    of product: (Tensor) throws(CurvatureError) -> Tensor
  ) throws(CurvatureError) {
    try self.init(draws, seed, example) { random throws(CurvatureError) in
      let (u, v) = (random(), random())
      let (au, av) = (try product(u), try product(v))
      let difference = innerProduct(au, v) - innerProduct(u, av)
      return (difference * difference, (innerProduct(au, au) + innerProduct(av, av)) / 2)
    }
  }

  /// The same of a matrix.
  public init(
    of matrix: some LinearOperator, draws: Int = 16, seed: UInt64 = 0
  ) throws(CurvatureError) {
    let example = Tensor.zeros([matrix.dimension], dtype: matrix.dtype, device: matrix.device)
    try self.init(draws: draws, seed: seed, like: example) { v throws(CurvatureError) in
      try matrix(v)
    }
  }

  /// Of the Jacobian J of a loss's gradient, from both of its products:
  ///
  ///     E ‖Jv − Jᵀv‖² = ‖J − Jᵀ‖²
  ///
  /// With as many products it is more precise than pairs, by far where J has many eigenvalues of a
  /// size.
  public init(
    comparingProductsOf curvature: LossCurvature, draws: Int = 16, seed: UInt64 = 0
  ) throws(CurvatureError) {
    let example = Tensor.zeros(
      [curvature.dimension], dtype: curvature.dtype, device: curvature.device)
    try self.init(draws, seed, example) { random throws(CurvatureError) in
      let v = random()
      let change = try curvature.times(v, .jacobian)
      let transposed = try curvature.times(v, .transposedJacobian)
      let difference = change - transposed
      let squares = [difference, change, transposed].map { innerProduct($0, $0) }
      return (squares[0], (squares[1] + squares[2]) / 2)
    }
  }

  /// - Parameter draw: unbiased samples of ‖A − Aᵀ‖² and ‖A‖².
  private init(
    _ draws: Int, _ seed: UInt64, _ example: Tensor,
    _ draw: (() -> Tensor) throws(CurvatureError) -> (numerator: Double, denominator: Double)
  ) throws(CurvatureError) {
    precondition(draws >= 2, "Asymmetry: expected two draws or more, got \(draws)")
    let generator = Generator(seed: seed)
    let random = {
      Tensor.normal(example.shape, dtype: example.dtype, using: generator).moved(to: example.device)
    }
    var samples: [(numerator: Double, denominator: Double)] = []
    for _ in 0..<draws { samples.append(try draw(random)) }
    let n = Double(draws)
    let denominator = samples.reduce(0) { $0 + $1.denominator } / n
    let numerator = samples.reduce(0) { $0 + $1.numerator } / n
    // Infinity where squares overflow, NaN where a product holds it: neither may pass for
    // symmetric.
    guard denominator.isFinite, numerator.isFinite else { throw .notFinite("product") }
    self.draws = draws
    guard denominator > 0, numerator > 0 else {
      (value, standardError) = (0, 0)
      return
    }
    let ratio = numerator / denominator
    let spread = samples.reduce(0) {
      let deviation = $1.numerator - ratio * $1.denominator
      return $0 + deviation * deviation
    }
    let ratioError = (spread / (n - 1) / n).squareRoot() / denominator
    value = ratio.squareRoot()
    standardError = ratioError / (2 * value)
  }
}
