import Torch

/// Batch normalisation over channels: `(x − mean) / √(variance + ε) · weight + bias`.
///
/// In training the batch's own mean and biased variance normalise it, and the running statistics move by
/// `momentum` towards the batch's mean and unbiased variance, as in PyTorch.
public struct BatchNorm2d: Module {
  public let weight: Tensor
  public let bias: Tensor
  public let runningMean: Tensor
  public let runningVariance: Tensor
  public let momentum = 0.1
  public let epsilon = 1e-5

  /// - Parameter dtype: that of the images to come.
  public init(_ channels: Int, dtype: DType = .float32) {
    weight = Tensor.ones([channels], dtype: dtype).requiringGradient()
    bias = Tensor.zeros([channels], dtype: dtype).requiringGradient()
    runningMean = Tensor.zeros([channels], dtype: dtype)
    runningVariance = Tensor.ones([channels], dtype: dtype)
  }

  public var parameters: NamedTensors { ["weight": weight, "bias": bias] }
  public var buffers: NamedTensors {
    ["running_mean": runningMean, "running_var": runningVariance]
  }

  /// - Parameters:
  ///   - input: `[N, C, H, W]`
  ///   - copies: how many identical copies of the input this call stands for. Under direct coding the stem
  ///     is computed once for all time steps. Mean and biased variance do not depend on it, but the unbiased
  ///     variance that the running statistics collect has divisor `copies · n − 1`, not `n − 1`.
  ///
  /// One value a channel (n = 1) has no variance: it is normalised to the bias, the running mean moves, and the
  /// running variance moves towards 0 where copies stand for more values, else stays. The engine would make it NaN.
  public func callAsFunction(_ input: Tensor, _ mode: Mode, copies: Int = 1) -> Tensor {
    normalized(input, by: statistics(for: input, mode, copies: copies))
  }

  /// Normalises by the input's own statistics s, and moves the running ones `moves` times towards them:
  ///
  ///     r ← (1 − momentum) · r + momentum · s
  ///
  /// as that many calls in training mode on the same input do, to rounding, at the price of one. One value a channel
  /// has no variance, and the running one stays.
  ///
  /// - Parameter input: `[N, C, H, W]`, one time step.
  public func normalizedAlone(_ input: Tensor, moves: Int) -> Tensor {
    let statistics = input.batchStatistics
    move(towards: statistics, of: input.count / input.size(1), times: moves)
    return normalized(input, by: statistics)
  }

  /// What normalises this input in this mode: the batch's own statistics in training, towards which the running ones
  /// move, else the running ones.
  ///
  /// - Parameter copies: how many identical copies of the input are meant, as in ``callAsFunction(_:_:copies:)``.
  public func statistics(
    for input: Tensor, _ mode: Mode, copies: Int = 1
  ) -> ChannelStatistics {
    guard mode == .training else {
      return ChannelStatistics(mean: runningMean, variance: runningVariance)
    }
    let statistics = input.batchStatistics
    move(towards: statistics, of: input.count / input.size(1) * copies, times: 1)
    return statistics
  }

  private func normalized(_ input: Tensor, by statistics: ChannelStatistics) -> Tensor {
    input.batchNorm(weight: weight, bias: bias, by: statistics, epsilon: epsilon)
  }

  /// - Parameter values: how many values of a channel the statistics are of.
  private func move(towards statistics: ChannelStatistics, of values: Int, times: Int) {
    for _ in 0..<times {
      statistics.move(mean: runningMean, variance: runningVariance, by: momentum, values: values)
    }
  }
}
