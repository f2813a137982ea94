/// How a loss is gathered over a batch. The raw value is the engine's own code.
public enum Reduction: Int, Sendable {
  case none = 0
  case mean = 1
  case sum = 2
}

extension Tensor {
  private enum Op {
    static let conv2d = Operator(known: "spikeguard::conv2d")
    static let linear = Operator(known: "linear")
    static let avgPool2d = Operator(known: "avg_pool2d")
    static let maxPool2d = Operator(known: "max_pool2d")
    static let adaptiveAvgPool2d = Operator(known: "adaptive_avg_pool2d")
    static let softmax = Operator(known: "softmax", "int")
    static let logSoftmax = Operator(known: "log_softmax", "int")
    static let crossEntropy = Operator(known: "cross_entropy_loss")
  }

  /// Two-dimensional cross-correlation of `[N, C, H, W]` with weights `[O, C/groups, kH, kW]`.
  ///
  /// Float32 images with channels last, 64 channels or more on both sides, kernels of 3 × 3, stride 1 and padding 1 are
  /// convolved by Winograd's short algorithm (Lavin & Gray, CVPR 2016), forward and backward: a quarter of the products,
  /// other rounding (largest error within 5·10⁻⁶ of the largest number), the same bits for an image in every batch and on
  /// any number of threads. What is not finite spreads over its tile of up to 4 × 4 outputs, as NaN. All others are the
  /// engine's to the bit. Derivatives of every order are composed of these.
  public func conv2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1
  ) -> Tensor {
    must { () throws(TorchError) in
      try Op.conv2d(
        self, weight, bias, [stride, stride], [padding, padding], [dilation, dilation], groups)
    }
  }

  /// self · weightᵀ + bias, weights `[out, in]`.
  public func linear(_ weight: Tensor, bias: Tensor? = nil) -> Tensor {
    must { () throws(TorchError) in try Op.linear(self, weight, bias) }
  }

  /// Means over windows of `size` × `size`, by default without overlap. Zeros of the padding count.
  public func averagePool2d(_ size: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
    let step = stride ?? size
    return must { () throws(TorchError) in
      try Op.avgPool2d(self, [size, size], [step, step], [padding, padding])
    }
  }
  /// Maxima over windows of `size` × `size`, by default without overlap. Padding is never the largest.
  public func maxPool2d(_ size: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
    let step = stride ?? size
    return must { () throws(TorchError) in
      try Op.maxPool2d(self, [size, size], [step, step], [padding, padding])
    }
  }
  /// Means over as many windows as it takes to give `size` × `size`.
  public func adaptiveAveragePool2d(_ size: Int) -> Tensor {
    must { () throws(TorchError) in try Op.adaptiveAvgPool2d(self, [size, size]) }
  }

  public func softmax(along dimension: Int = -1) -> Tensor {
    must { () throws(TorchError) in try Op.softmax(self, dimension) }
  }
  public func logSoftmax(along dimension: Int = -1) -> Tensor {
    must { () throws(TorchError) in try Op.logSoftmax(self, dimension) }
  }

  /// −log softmax(self)[label] of logits `[N, classes]` and int64 labels `[N]`.
  public func crossEntropy(_ labels: Tensor, reduction: Reduction = .mean) -> Tensor {
    must { () throws(TorchError) in
      try Op.crossEntropy(self, labels, Tensor?.none, reduction.rawValue)
    }
  }
}
