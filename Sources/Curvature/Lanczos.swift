import Torch

/// The top eigenvalues of a symmetric matrix by the Lanczos method with full reorthogonalisation.
///
/// Stops when each wanted pair has ‖Hx − θx‖ ≤ tolerance · max |θ|, or after `maximumProducts`.
public struct Lanczos: Sendable {
  /// k
  public var count: Int
  public var order: SpectrumOrder
  /// Of residuals, relative to the largest |θ|.
  public var tolerance: Double
  public var maximumProducts: Int
  /// Of the random start.
  public var seed: UInt64

  public init(
    count: Int = 5, order: SpectrumOrder = .magnitude, tolerance: Double = 1e-3,
    maximumProducts: Int = 200, seed: UInt64 = 0
  ) {
    self.count = count
    self.order = order
    self.tolerance = tolerance
    self.maximumProducts = maximumProducts
    self.seed = seed
  }

  /// - Throws: ``CurvatureError`` where more are asked for than the matrix has, or a product fails.
  public func callAsFunction(_ matrix: some LinearOperator) throws(CurvatureError) -> TopEigenvalues
  {
    guard count >= 1, count <= matrix.dimension else {
      throw .tooMany("eigenvalues", asked: count, dimension: matrix.dimension)
    }
    let generator = Generator(seed: seed)
    func fresh() -> Tensor {
      Tensor.normal([matrix.dimension], dtype: matrix.dtype, using: generator)
        .moved(to: matrix.device)
    }
    var basis: [Tensor] = []
    var diagonal: [Double] = []
    var offDiagonal: [Double] = []
    var next = fresh()
    next = next / next.norm().item()
    while true {
      basis.append(next)
      let q = Tensor.stacking(basis)
      var w = try matrix(next)
      diagonal.append(w.dot(next).item())
      for _ in 0..<2 { w = w - q.transposed().times(vector: q.times(vector: w)) }
      var beta = w.norm().item()
      let complete = basis.count == min(matrix.dimension, maximumProducts)
      let scale = diagonal.map(abs).max()! + (offDiagonal.max() ?? 0)
      if beta <= 1e-6 * scale || scale == 0 {
        beta = 0
        if !complete {
          w = fresh()
          for _ in 0..<2 { w = w - q.transposed().times(vector: q.times(vector: w)) }
        }
      }
      offDiagonal.append(beta)
      if basis.count >= count {
        let m = basis.count
        var dense = [Double](repeating: 0, count: m * m)
        for i in 0..<m {
          dense[i * m + i] = diagonal[i]
          if i + 1 < m {
            dense[i * m + i + 1] = offDiagonal[i]
            dense[(i + 1) * m + i] = offDiagonal[i]
          }
        }
        let decomposition: (values: Tensor, vectors: Tensor)
        do {
          decomposition = try Tensor(dense, shape: [m, m]).symmetricEigenDecomposition()
        } catch { throw .engine(error) }
        let values = decomposition.values.scalars(of: Double.self)
        let y = decomposition.vectors.scalars(of: Double.self)
        let ranked = values.indices.sorted {
          switch order {
          case .magnitude: abs(values[$0]) > abs(values[$1])
          case .algebraic: values[$0] > values[$1]
          case .smallest: values[$0] < values[$1]
          }
        }.prefix(count)
        let limit = tolerance * values.map(abs).max()!
        let residuals = ranked.map { abs(beta * y[(m - 1) * m + $0]) }
        if complete || residuals.allSatisfy({ $0 <= limit }) {
          return TopEigenvalues(
            eigenvalues: zip(ranked, residuals).map {
              Eigenvalue(
                value: values[$0], residual: $1, iterations: m, converged: $1 <= limit)
            },
            vectors: ranked.map { column in
              let weights = (0..<m).map { y[$0 * m + column] }
              return q.transposed().times(
                vector: Tensor(weights, shape: [m]).converted(to: matrix.dtype))
            }, products: m)
        }
      }
      next = w / w.norm().item()
    }
  }
}
