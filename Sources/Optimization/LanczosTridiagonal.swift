import Torch

/// What k steps of Lanczos on a symmetric matrix K from a unit vector b know about K.
///
/// K Q = Q T + β_k q_{k+1} e_kᵀ, with T tridiagonal of diagonal α and off-diagonal β.
struct LanczosTridiagonal {
  /// α₁ … α_k
  let diagonal: [Double]
  /// β₁ … β_k; the last one leads out of the space.
  let offDiagonal: [Double]

  var steps: Int { diagonal.count }

  /// Cuts the recurrence where the space became invariant (β = 0) and what follows is undefined.
  init(diagonal: [Double], offDiagonal: [Double]) {
    let end = offDiagonal.firstIndex { !($0 > 0 && $0.isFinite) }
    let count = end.map { $0 + 1 } ?? diagonal.count
    self.diagonal = Array(diagonal.prefix(count))
    self.offDiagonal = offDiagonal.prefix(count).map { $0 > 0 && $0.isFinite ? $0 : 0 }
  }

  /// The two largest eigenvalues of T, each a lower bound of K's, the unit eigenvector of the first, and the
  /// residuals ‖Kx − θx‖ = β_k |last component| of both.
  func ritzPairs() throws(TorchError) -> (
    values: (Double, Double), vector: [Double], residuals: (Double, Double)
  ) {
    let k = steps
    var dense = [Double](repeating: 0, count: k * k)
    for i in 0..<k {
      dense[i * k + i] = diagonal[i]
      if i + 1 < k {
        dense[(i + 1) * k + i] = offDiagonal[i]
        dense[i * k + i + 1] = offDiagonal[i]
      }
    }
    let (values, vectors) = try Tensor(dense, shape: [k, k]).symmetricEigenDecomposition()
    let θ = values.scalars(of: Double.self)
    let y = vectors.scalars(of: Double.self)
    let exit = offDiagonal[k - 1]
    return (
      (θ[k - 1], k > 1 ? max(0, θ[k - 2]) : 0),
      (0..<k).map { y[$0 * k + k - 1] },
      (exit * abs(y[k * k - 1]), k > 1 ? exit * abs(y[k * k - 2]) : .infinity)
    )
  }

  /// Σ p_j(λ)², j = 0 … k, over the orthonormal polynomials of b's spectral measure.
  ///
  /// If K has an eigenvalue λ with unit eigenvector x, then ⟨b, x⟩² ≤ 1 / (this sum): any measure with these
  /// recurrence coefficients puts at most so much mass at λ (Christoffel). To the right of T's spectrum each
  /// p_j² grows with λ, so the bound holds for every eigenvalue ≥ λ too.
  func christoffelSum(at λ: Double) -> Double {
    var (previous, current) = (0.0, 1.0)
    var sum = 1.0
    for j in 0..<steps {
      let before = j > 0 ? offDiagonal[j - 1] * previous : 0
      let next = ((λ - diagonal[j]) * current - before) / offDiagonal[j]
      (previous, current) = (current, next)
      sum += next * next
      if sum > 1e200 { break }
    }
    return sum
  }
}
