import Torch

/// ``LanczosRun`` on a ``FusedMatrix``: the basis in float64, a step in one pass over the matrix.
struct FusedLanczosRun: LanczosProcess {
  private let matrix: FusedMatrix
  private let capacity: Int
  /// One basis vector a row.
  private let basis: Tensor
  private var diagonal: [Double] = []
  private var offDiagonal: [Double] = []

  var steps: Int { diagonal.count }
  var isComplete: Bool { steps >= capacity }

  init(_ matrix: FusedMatrix, start: Tensor, capacity: Int) {
    self.matrix = matrix
    self.capacity = capacity
    basis = Tensor.zeros([capacity, start.count], dtype: .float64)
    let wide = start.converted(to: .float64)
    basis[0].copyInPlace(from: wide / wide.norm())
  }

  mutating func advance(by count: Int) {
    let count = min(count, capacity - steps)
    guard count > 0 else { return }
    let (α, β) = matrix.lanczosSteps(basis, done: steps, count: count)
    diagonal += α
    offDiagonal += β
  }

  func tridiagonal() -> LanczosTridiagonal {
    LanczosTridiagonal(diagonal: diagonal, offDiagonal: offDiagonal)
  }

  func combination(_ weights: [Double]) -> Tensor {
    basis[0..<weights.count].transposed().times(vector: Tensor(weights))
  }
}
