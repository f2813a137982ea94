public import Torch

/// A square matrix that is known by its products with vectors: all that the solvers see.
///
/// Every solver here takes it to be symmetric. What the product of a network's loss is, and how far
/// it is from symmetric, ``CurvatureProduct`` and ``Asymmetry`` say.
public protocol LinearOperator {
  /// n, of an n × n matrix.
  var dimension: Int { get }
  /// Of the vectors that it takes and gives.
  var dtype: DType { get }
  var device: Device { get }
  /// `[n]` → `[n]`
  func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor
}

/// A symmetric matrix that is at hand: for tests, and for problems small enough to be written out.
public struct MatrixOperator: LinearOperator {
  /// `[n, n]`
  public let matrix: Tensor

  /// - Precondition: the matrix is square.
  public init(_ matrix: Tensor) {
    precondition(
      matrix.rank == 2 && matrix.size(0) == matrix.size(1),
      "MatrixOperator: expected a square matrix, got \(matrix.shape)")
    self.matrix = matrix
  }

  public var dimension: Int { matrix.size(0) }
  public var dtype: DType { matrix.dtype }
  public var device: Device { matrix.device }

  public func callAsFunction(_ vector: Tensor) throws(CurvatureError) -> Tensor {
    matrix.times(vector: vector)
  }
}
