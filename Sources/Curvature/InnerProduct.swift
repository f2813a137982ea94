import Torch

/// ⟨a, b⟩ of two vectors.
///
/// Not the engine's `dot` or `norm`: over 10 million float32 numbers their running sums lose
/// about half of their digits, and a vector that is not of unit
/// length moves every Rayleigh quotient. `sum` adds by halves.
///
/// Squares leave the range of float32 long before the numbers do, and a length of 0 would pass for
/// a residual of 0: such products are formed again in float64.
func innerProduct(_ a: Tensor, _ b: Tensor) -> Double {
  let value = (a * b).sum().item()
  let isSafe = abs(value) > 1e-24 && value.isFinite
  guard !isSafe, a.dtype != .float64 else { return value }
  return (a.converted(to: .float64) * b.converted(to: .float64)).sum().item()
}

/// ‖a‖₂
func length(_ a: Tensor) -> Double { innerProduct(a, a).squareRoot() }

/// Whether every number is finite.
///
/// One sum tells, unless finite numbers add up to more than the type holds.
func isFinite(_ a: Tensor) -> Bool { a.sum().item().isFinite || a.isFinite().allTrue() }

extension LinearOperator {
  /// Hv, outside of any graph.
  ///
  /// - Throws: ``CurvatureError`` where it fails or a number is not finite.
  func product(with vector: Tensor) throws(CurvatureError) -> Tensor {
    let result = try self(vector).detached()
    guard isFinite(result) else { throw .notFinite("product") }
    return result
  }
}
