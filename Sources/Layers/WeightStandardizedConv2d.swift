import Torch

/// Convolution whose weights are standardised at every call, a channel at a time, and scaled by a learnt gain:
///
///     Ŵ = g · (W − μ) / √(N σ² + ε)      for each output channel
///
/// with N = in · k² (the fan-in), μ the channel's mean, σ² its unbiased variance (divisor N − 1) and
/// ε = 1e-4: scaled weight standardisation (Brock et al. 2021, eq. 2), with ε as in the authors' release. Without
/// batch norm it is what keeps the variance of activations; the bias is not scaled.
public struct WeightStandardizedConv2d: WeightedLayer {
  /// W, `[out, in, k, k]`
  public let weight: Tensor
  /// `[out]`
  public let bias: Tensor
  /// g, `[out, 1, 1, 1]`
  public let gain: Tensor
  public let geometry: ConvolutionGeometry
  /// A constant factor on the input. It is put on the weights, which are fewer than activations.
  public let inputScale: Double
  static let epsilon = 1e-4

  /// Weights by Kaiming's rule, fan out; bias 0, gain 1.
  ///
  /// - Precondition: at least two weights for an output channel, or there is no variance.
  /// - Parameter generator: nil for zeros, the gain's too; see ``Initialization``.
  public init(
    _ inChannels: Int, _ outChannels: Int, kernel: Int = 3, stride: Int = 1,
    inputScale: Double = 1, using generator: Generator?
  ) {
    precondition(
      inChannels * kernel * kernel >= 2, "a standardised convolution needs two weights or more")
    weight = Initialization.kaimingFanOut(outChannels, kernel: kernel).parameter(
      [outChannels, inChannels, kernel, kernel], using: generator)
    bias = Initialization.zeros.parameter([outChannels], using: generator)
    gain = Initialization.ones.parameter([outChannels, 1, 1, 1], using: generator)
    geometry = ConvolutionGeometry(kernel: kernel, stride: stride)
    self.inputScale = inputScale
  }

  public var parameters: NamedTensors { ["weight": weight, "bias": bias, "gain": gain] }

  /// Ŵ times the input's factor.
  var standardizedWeight: Tensor {
    let fanIn = Double(weight.count / weight.size(0))
    let mean = weight.mean(along: [1, 2, 3], keeping: true)
    let variance = weight.variance(along: [1, 2, 3], keeping: true)
    // One number a channel, so that the weights themselves are touched only twice.
    let scale = gain * inputScale / (variance * fanIn + Self.epsilon).squareRoot()
    return (weight - mean) * scale
  }

  /// `[N, in, H, W]` → `[N, out, ⌈H / stride⌉, ⌈W / stride⌉]`
  public func callAsFunction(_ input: Tensor) -> Tensor {
    geometry.convolve(input, standardizedWeight, bias: bias)
  }

  public func outputShape(for input: [Int]) -> [Int] {
    geometry.outputShape(for: input, channels: weight.size(0))
  }
}
