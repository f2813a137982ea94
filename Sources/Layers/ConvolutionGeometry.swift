import Torch

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

  /// Weights `[out, in, k, k]` on `[N, in, H, W]`.
  func convolve(_ input: Tensor, _ weight: Tensor, bias: Tensor?) -> Tensor {
    guard kernel == 1, stride > 1 else {
      return input.conv2d(weight, bias: bias, stride: stride, padding: padding)
    }
    // The same numbers, and a way around the engine: oneDNN's backward pass of a strided 1 × 1 convolution
    // writes beyond its memory on AVX-512 with several threads (LibTorch 2.11; 4 → 8 channels, 10 × 10, stride 2).
    return input.averagePool2d(1, stride: stride).conv2d(weight, bias: bias)
  }
}
