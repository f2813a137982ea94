import Torch

/// The gradient of a scalar function by central differences: `(f(x + h eᵢ) − f(x − h eᵢ)) / 2h`, in float64.
///
/// An oracle for differentiation that shares no code with it. The error is about `f‴h²/6 + 1e-16 |f|/h`: with the
/// default step good to 9 digits for smooth functions of ordinary size.
///
/// - Precondition: `f` computes in its argument's type, float64, and is smooth between x − h and x + h: a network
///   that spikes is not.
public func numericalGradient(
  at x: Tensor, step: Double = 1e-5, of f: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  let center = x.scalars(of: Double.self)
  var slopes: [Double] = []
  for index in center.indices {
    var moved = center
    func value(_ offset: Double) throws -> Double {
      moved[index] = center[index] + offset
      let result = try f(Tensor(moved, shape: x.shape))
      precondition(result.dtype == .float64, "numericalGradient: f returned \(result.dtype)")
      return result.item()
    }
    slopes.append((try value(step) - value(-step)) / (2 * step))
  }
  return Tensor(slopes, shape: x.shape)
}
