import Torch

/// A layer that multiplies its input by weights: a convolution or a linear map.
public protocol WeightedLayer: Module {
  /// `[out, …]`; each output position is the product of every weight with an input.
  var weight: Tensor { get }
  /// `[N, in, …]` → `[N, out, …]`
  func callAsFunction(_ input: Tensor) -> Tensor
  /// The shape of the output for an input of this shape, without computing it.
  func outputShape(for input: [Int]) -> [Int]
}

extension WeightedLayer {
  /// Multiply-accumulates for one of the N rows of an output of this shape; biases are not counted.
  public func multiplyAccumulates(for output: [Int]) -> Int {
    output.dropFirst(2).reduce(weight.count, *)
  }
}
