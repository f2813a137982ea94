import Torch

extension NamedTensors {
  /// The 2-norm of all elements of all tensors; not finite where an element is not.
  ///
  /// Each tensor's norm is taken in its own type and their sum of squares in float64, in one pass; where the
  /// squares overflow, once more in float64 and of numbers divided by the largest.
  var euclideanNorm: Double {
    let full = filter { self[$0]!.count > 0 }.tensors.map { $0.detached() }
    let quick = Self.root(Tensor.norms(full))
    guard !quick.isFinite else { return quick }
    let largest = Tensor.stacking(full.map { $0.norm(.infinity).converted(to: .float64) }).max()
      .item()
    guard largest.isFinite else { return largest }
    return largest * Self.root(Tensor.norms(full.map { $0.converted(to: .float64) / largest }))
  }

  private static func root(_ norms: [Double]) -> Double {
    norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
