import Torch

/// Some steps of Lanczos on K, and what they tell.
protocol LanczosProcess {
  var steps: Int { get }
  /// Whether no more steps can be taken.
  var isComplete: Bool { get }
  /// Takes `count` steps more, or as many as there is room for.
  mutating func advance(by count: Int)
  func tridiagonal() -> LanczosTridiagonal
  /// Σ yⱼ qⱼ
  func combination(_ weights: [Double]) -> Tensor
}

/// Lanczos with full reorthogonalisation by the engine's operators, on any device: numbers are read from the device only when
/// ``tridiagonal()`` is asked for.
struct LanczosRun: LanczosProcess {
  private let gram: GramOperator
  private let capacity: Int
  /// One basis vector a row; rows not reached yet are zero, so that products need no slice.
  private let basis: Tensor
  private let basisTransposed: Tensor
  private var diagonal: [Tensor] = []
  private var offDiagonal: [Tensor] = []
  private var latest: Tensor

  var steps: Int { diagonal.count }
  var isComplete: Bool { steps >= capacity }

  init(_ gram: GramOperator, start: Tensor, capacity: Int) {
    self.gram = gram
    self.capacity = capacity
    basis = Tensor.zeros([capacity, gram.side], dtype: gram.dtype, device: gram.device)
    basisTransposed = basis.transposed()
    latest = start
  }

  mutating func advance(by count: Int) {
    for _ in 0..<min(count, capacity - steps) {
      basis[steps].copyInPlace(from: latest)
      var next = gram.applied(to: latest)
      diagonal.append(next.dot(latest))
      // Gram–Schmidt twice is enough to keep the basis orthogonal to rounding.
      for _ in 0..<2 {
        next = next.subtracting(basisTransposed, times: basis.times(vector: next))
      }
      let length = next.norm()
      offDiagonal.append(length)
      latest = next / length
    }
  }

  func tridiagonal() -> LanczosTridiagonal {
    let numbers = Tensor.stacking(diagonal + offDiagonal).scalars(of: Double.self)
    return LanczosTridiagonal(
      diagonal: Array(numbers[..<steps]), offDiagonal: Array(numbers[steps...]))
  }

  func combination(_ weights: [Double]) -> Tensor {
    // Rows after a breakdown are undefined: they must not be touched, not even with weight 0.
    basis[0..<weights.count].transposed().times(
      vector: Tensor(weights).converted(to: gram.dtype).moved(to: gram.device))
  }
}
