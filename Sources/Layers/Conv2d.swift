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
    input.conv2d(weight, bias: bias, stride: geometry.stride, padding: geometry.padding)
  }

  public func outputShape(for input: [Int]) -> [Int] {
    geometry.outputShape(for: input, channels: weight.size(0))
  }
}

/// Extents of a square convolution that is padded by half its kernel, so that at stride 1 it keeps the size.
public struct ConvolutionGeometry: Sendable, Equatable {
  public let kernel: Int
  public let stride: Int
  public var padding: Int { kernel / 2 }

  /// - Precondition: an odd kernel and a positive stride.
  public init(kernel: Int, stride: Int) {
    precondition(
      kernel % 2 == 1 && kernel > 0 && stride > 0,
      "a convolution needs an odd kernel and a positive stride, got \(kernel) and \(stride)")
    self.kernel = kernel
    self.stride = stride
  }

  /// `[N, in, H, W]` → `[N, channels, ⌈H / stride⌉, ⌈W / stride⌉]`
  func outputShape(for input: [Int], channels: Int) -> [Int] {
    [input[0], channels] + input.dropFirst(2).map { ($0 + stride - 1) / stride }
  }
}
