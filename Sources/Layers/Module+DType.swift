public import Torch

extension Module {
  /// Gives all parameters and buffers another element type, in place: every layer that holds them computes in it from
  /// then on, and wants its input in it.
  ///
  /// float64 is for measurements in which rounding must have no part, such as finite differences; from float32 it keeps
  /// every number as it is. Parameters stay leaves that require gradients, names and shapes stay, and ``load(_:)`` takes
  /// either type. Graphs that were recorded before must not be used any more, nor an optimiser that holds numbers of the
  /// old type.
  ///
  /// - Precondition: a floating-point type.
  public func convert(to dtype: DType) {
    precondition(
      dtype.isFloatingPoint, "convert(to:): expected a floating-point type, got \(dtype)")
    for (_, tensor) in weights { tensor.convertInPlace(to: dtype) }
  }
}
