import Torch

/// Two-dimensional convolution, stride 1.
public struct Conv2d: Module {
  /// `[out, in, k, k]`
  public let weight: Tensor
  /// `[out]`
  public let bias: Tensor?
  public let padding: Int

  /// Kaiming initialisation for rectifiers, fan out: normal with deviation √(2 / (out · k²)); bias 0.
  ///
  /// The authors' release initialises so (He et al. 2015, eq. 14).
  public init(
    _ inChannels: Int, _ outChannels: Int, kernel: Int = 3, padding: Int = 1, bias: Bool = true,
    using generator: Generator
  ) {
    let deviation = (2 / Double(outChannels * kernel * kernel)).squareRoot()
    weight =
      Tensor.normal(
        [outChannels, inChannels, kernel, kernel], standardDeviation: deviation, using: generator
      ).requiringGradient()
    self.bias = bias ? Tensor.zeros([outChannels]).requiringGradient() : nil
    self.padding = padding
  }

  public var parameters: NamedTensors {
    var result: NamedTensors = ["weight": weight]
    if let bias { result["bias"] = bias }
    return result
  }

  /// `[N, in, H, W]` → `[N, out, H', W']`
  public func callAsFunction(_ input: Tensor) -> Tensor {
    input.conv2d(weight, bias: bias, padding: padding)
  }
}
