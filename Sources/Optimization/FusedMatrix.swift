import Torch

/// A float32 matrix on the CPU, and what the solver needs of it by CTorch's own kernels: each in one pass over
/// the memory, with long sums in float64.
struct FusedMatrix {
  private enum Op {
    static let lanczosSteps = Operator.ours("lanczos_steps")
    static let gramImage = Operator.ours("gram_image")
    static let gramMatrix = Operator.ours("gram_matrix")
  }

  /// The matrix, or its transpose where that is what memory holds row by row.
  private let inMemory: Tensor
  /// Whether the smaller side, that of K, is the rows of `inMemory`; of square matrices it is the matrix's rows.
  private let ofRows: Bool
  /// 0 for the widest vectors of the processor; 4, 8 or 16 floats in tests.
  private let lanes: Int

  /// - Returns: nil of another type or device: then operators of the engine are composed.
  init?(_ matrix: Tensor, lanes: Int = 0) {
    guard matrix.dtype == .float32, matrix.device == .cpu else { return nil }
    let other = matrix.transposed()
    let isTransposed = !matrix.isRowByRow && other.isRowByRow
    inMemory = isTransposed ? other : matrix.contiguous()
    ofRows = (matrix.size(0) <= matrix.size(1)) != isTransposed
    self.lanes = lanes
  }

  /// Lanczos steps on K behind the `done` that `basis` holds (float64, one unit vector a row, and the latest);
  /// the next vectors are written into it.
  ///
  /// - Returns: α and β of each step.
  func lanczosSteps(_ basis: Tensor, done: Int, count: Int) -> (α: [Double], β: [Double]) {
    let numbers = Operator.must { () throws(TorchError) in
      try Op.lanczosSteps(inMemory, basis, ofRows, done, count, lanes)
    }.scalars(of: Double.self)
    return (Array(numbers[..<count]), Array(numbers[count...]))
  }

  /// w = Aᵀu for a unit vector of the smaller side, ‖w‖² and ‖Ku − ‖w‖²u‖.
  func image(of unit: Tensor) -> (image: Tensor, square: Double, miss: Double) {
    let results = Operator.must { () throws(TorchError) in
      try Op.gramImage.results(inMemory, unit.contiguous(), ofRows, lanes)
    }
    guard case .double(let square) = results[1], case .double(let miss) = results[2] else {
      preconditionFailure("gram_image: expected two numbers, got \(results[1...])")
    }
    return (results[0].tensor, square, miss)
  }

  /// K in float64.
  func gram() -> Tensor {
    Operator.must { () throws(TorchError) in try Op.gramMatrix(inMemory, ofRows, lanes) }
  }
}

extension Tensor {
  /// Of a matrix: whether its rows stand in memory one behind the other.
  fileprivate var isRowByRow: Bool {
    (size(1) == 1 || strides[1] == 1) && (size(0) == 1 || strides[0] == size(1))
  }
}

extension Operator {
  /// One of CTorch's own, which are always there.
  static func ours(_ name: String) -> Operator {
    must { () throws(TorchError) in try Operator("spikeguard::" + name) }
  }

  /// For arguments that are this module's own making: an error is a programmer's.
  static func must<Result>(_ body: () throws(TorchError) -> Result) -> Result {
    do { return try body() } catch { error.trap() }
  }
}
