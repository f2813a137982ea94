import Torch

/// Two-dimensional convolution, padded by half its kernel.
public struct Conv2d: WeightedLayer {
  /// `[out, in, k, k]`
  public let weight: Tensor
  /// `[out]`
  public let bias: Tensor?
  public let geometry: ConvolutionGeometry

  /// Weights by Kaiming's rule for rectifiers, fan out, as the authors' release draws them.
  ///
  /// - Parameters:
  ///   - kernel: k, odd.
  ///   - bias: how it is drawn; nil for none.
  ///   - generator: nil for zeros; see ``Initialization``.
  public init(
    _ inChannels: Int, _ outChannels: Int, kernel: Int = 3, stride: Int = 1,
    bias: Initialization? = .zeros, using generator: Generator?
  ) {
    weight = Initialization.kaimingFanOut(outChannels, kernel: kernel).parameter(
      [outChannels, inChannels, kernel, kernel], using: generator)
    self.bias = bias?.parameter([outChannels], using: generator)
    geometry = ConvolutionGeometry(kernel: kernel, stride: stride)
  }

  public var parameters: NamedTensors {
    var result: NamedTensors = ["weight": weight]
    if let bias { result["bias"] = bias }
    return result
  }

  /// `[N, in, H, W]` → `[N, out, ⌈H / stride⌉, ⌈W / stride⌉]`
  public func callAsFunction(_ input: Tensor) -> Tensor {
    geometry.convolve(input, weight, bias: bias)
  }

  public func outputShape(for input: [Int]) -> [Int] {
    geometry.outputShape(for: input, channels: weight.size(0))
  }
}
