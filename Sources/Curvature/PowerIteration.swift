public import Torch

/// Eigenvalues one after the other by power iteration with deflation, as PyHessian 0.1 computes
/// them.
///
/// A mode for comparison with published numbers; ``Lanczos`` needs far fewer products and knows its
/// error. For each eigenvalue, from v ~ N(0, I) / (‖v‖ + 1e-6):
///
///     v ← v − ⟨v, xⱼ⟩xⱼ for j = 1, 2, … in turn;  v ← v / (‖v‖ + 1e-6)
///     μ ← ⟨Hv, v⟩;  v ← Hv / (‖Hv‖ + 1e-6)
///
/// until |μ_old − μ| / (|μ_old| + 1e-6) < tolerance, or `maximumIterations` times. What comes out,
/// as there: the value *before* the last product (at the cap: of the last), and the vector *after*
/// it, which is not orthogonal to the earlier ones again. An eigenvalue repeated k times is found k
/// times, by the deflation. Of λ and −λ of equal magnitude μ settles anywhere between, and the
/// residual tells.
///
/// ``Eigenvalue/converged`` is that stopping rule alone: it bounds the change of μ, not its error.
/// ``Eigenvalue/residual`` is what PyHessian does not give: ‖Hv − θv‖ / ‖v‖ of the returned value θ
/// and the last vector that was multiplied, so that H has an eigenvalue within it of θ. It costs no
/// product.
///
/// Source: Yao et al., "PyHessian: Neural Networks Through the Lens of the Hessian", 2020, and its
/// code.
public struct PowerIteration: Sendable {
  public var count: Int
  /// Products for each eigenvalue, at most.
  public var maximumIterations: Int
  /// Of the change of μ, relative.
  public var tolerance: Double
  /// Of the random starts.
  public var seed: UInt64
  /// Starts to take instead, `[n]` each, one for each eigenvalue: finite, of the matrix's type, not
  /// 0. They are normalised first.
  public var starts: [Tensor]?

  /// - Precondition: starts, where given, are as many as eigenvalues.
  public init(
    count: Int = 1, maximumIterations: Int = 100, tolerance: Double = 1e-3, seed: UInt64 = 0,
    starts: [Tensor]? = nil
  ) {
    precondition(
      starts == nil || starts?.count == count,
      "PowerIteration: expected \(count) starts, got \(starts?.count ?? 0)")
    precondition(
      maximumIterations >= 1,
      "PowerIteration: expected an iteration or more, got \(maximumIterations)")
    self.count = count
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
    self.seed = seed
    self.starts = starts
  }

  /// Added to norms and magnitudes before a division.
  private static let guardTerm = 1e-6

  /// - Throws: ``CurvatureError`` where more are asked for than the matrix has, or a product fails.
  public func callAsFunction(_ matrix: some LinearOperator) throws(CurvatureError) -> TopEigenvalues
  {
    guard count >= 1, count <= matrix.dimension else {
      throw .tooMany("eigenvalues", asked: count, dimension: matrix.dimension)
    }
    let generator = Generator(seed: seed)
    var eigenvalues: [Eigenvalue] = []
    var vectors: [Tensor] = []
    for index in 0..<count {
      let start =
        starts.map { matrix.checked(start: $0[index], of: "PowerIteration") }
        ?? Tensor.normal([matrix.dimension], dtype: matrix.dtype, using: generator)
        .moved(to: matrix.device)
      let (eigenvalue, vector) = try iterate(matrix, from: normalized(start), against: vectors)
      eigenvalues.append(eigenvalue)
      vectors.append(vector)
    }
    return TopEigenvalues(
      eigenvalues: eigenvalues, vectors: vectors,
      products: eigenvalues.reduce(0) { $0 + $1.iterations }, basisVectors: count)
  }

  private func iterate(
    _ matrix: some LinearOperator, from start: Tensor, against earlier: [Tensor]
  ) throws(CurvatureError) -> (Eigenvalue, Tensor) {
    var vector = start
    var value: Double?
    var residual = 0.0
    var iterations = 0
    var settled = false
    while !settled, iterations < maximumIterations {
      for other in earlier { vector = vector - other * innerProduct(vector, other) }
      vector = normalized(vector)
      let product = try matrix.product(with: vector)
      iterations += 1
      let quotient = innerProduct(product, vector)
      if let value {
        settled = abs(value - quotient) / (abs(value) + Self.guardTerm) < tolerance
      }
      let returned = settled ? value! : quotient
      value = returned
      // A vector that the matrix or the deflation sent to 0 says nothing of an error.
      let size = length(vector)
      if size > 0 { residual = length(product - vector * returned) / size }
      vector = normalized(product)
    }
    return (
      Eigenvalue(value: value!, residual: residual, iterations: iterations, converged: settled),
      vector
    )
  }

  private func normalized(_ vector: Tensor) -> Tensor {
    vector / (length(vector) + Self.guardTerm)
  }
}
