import Torch

/// ⟨a, b⟩ of two vectors.
///
/// Not the engine's `dot` or `norm`: over 10 million float32 numbers their running sums lose four of seven
/// digits (an error of 7e-4 in a squared norm, measured), and a vector that is not of unit length
/// moves every Rayleigh quotient. `sum` adds by halves.
func innerProduct(_ a: Tensor, _ b: Tensor) -> Double { (a * b).sum().item() }

/// ‖a‖₂
func length(_ a: Tensor) -> Double { innerProduct(a, a).squareRoot() }

extension LinearOperator {
  /// Hv, outside of any graph.
  ///
  /// - Throws: ``CurvatureError`` where it fails or its length is no finite number.
  func product(with vector: Tensor) throws(CurvatureError) -> Tensor {
    let result = try self(vector).detached()
    guard result.sum().item().isFinite else { throw .notFinite("product") }
    return result
  }
}
