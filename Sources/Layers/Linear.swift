import Torch

/// Affine map of the last dimension.
public struct Linear: WeightedLayer {
  /// `[out, in]`
  public let weight: Tensor
  /// `[out]`
  public let bias: Tensor

  /// - Parameter generator: nil for zeros; see ``Initialization``.
  public init(
    _ inFeatures: Int, _ outFeatures: Int, weight: Initialization, bias: Initialization,
    using generator: Generator?
  ) {
    self.weight = weight.parameter([outFeatures, inFeatures], using: generator)
    self.bias = bias.parameter([outFeatures], using: generator)
  }

  /// Normal with the given deviation; bias 0. The authors' release draws its VGG's so, with 0.01.
  public init(
    _ inFeatures: Int, _ outFeatures: Int, standardDeviation: Double = 0.01,
    using generator: Generator?
  ) {
    self.init(
      inFeatures, outFeatures, weight: .normal(standardDeviation: standardDeviation), bias: .zeros,
      using: generator)
  }

  public var parameters: NamedTensors { ["weight": weight, "bias": bias] }

  /// `[N, in]` → `[N, out]`
  public func callAsFunction(_ input: Tensor) -> Tensor { input.linear(weight, bias: bias) }

  public func outputShape(for input: [Int]) -> [Int] { input.dropLast() + [weight.size(0)] }
}
