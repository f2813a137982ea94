import Torch

extension LinearOperator {
  /// A vector that the caller wants a solver to start from.
  ///
  /// One of length 0 has no direction, and a solver that divided by its length would report numbers
  /// of nothing.
  ///
  /// - Precondition: `[n]`, of the matrix's type, finite and not 0.
  func checked(start: Tensor, of solver: String) -> Tensor {
    precondition(
      start.shape == [dimension] && start.dtype == dtype,
      "\(solver): expected a start of shape [\(dimension)] in \(dtype), got shape "
        + "\(start.shape) in \(start.dtype)")
    // Squares of tiny or huge numbers leave the type's range: the numbers themselves say it.
    precondition(
      start.isFinite().allTrue(),
      "\(solver): expected a start of finite numbers, got NaN or infinity")
    precondition(
      !(start .== 0).allTrue(), "\(solver): expected a start of a length above 0, got only zeros")
    return start
  }
}
