import Torch

/// Affine map of the last dimension.
public struct Linear: Module {
  /// `[out, in]`
  public let weight: Tensor
  /// `[out]`
  public let bias: Tensor

  /// Normal with the given deviation; bias 0. The authors' release uses 0.01.
  public init(
    _ inFeatures: Int, _ outFeatures: Int, standardDeviation: Double = 0.01,
    using generator: Generator
  ) {
    weight =
      Tensor.normal(
        [outFeatures, inFeatures], standardDeviation: standardDeviation, using: generator
      ).requiringGradient()
    bias = Tensor.zeros([outFeatures]).requiringGradient()
  }

  public var parameters: NamedTensors { ["weight": weight, "bias": bias] }

  /// `[N, in]` → `[N, out]`
  public func callAsFunction(_ input: Tensor) -> Tensor { input.linear(weight, bias: bias) }
}
