public import Torch

extension Module {
  /// Gives all parameters and buffers another element type, in place: every layer that holds them computes in it from
  /// then on, and wants its input in it.
  ///
  /// float64 is for measurements of which rounding must have no part, such as finite differences. Parameters stay leaves that
  /// require gradients. Graphs that were recorded before must not be used any more.
  ///
  /// - Precondition: a floating-point type.
  public func convert(to dtype: DType) {
    precondition(
      dtype.isFloatingPoint, "convert(to:): expected a floating-point type, got \(dtype)")
    for (_, tensor) in weights { tensor.convertInPlace(to: dtype) }
  }
}
