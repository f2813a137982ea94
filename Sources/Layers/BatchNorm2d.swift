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
    if mode == .training, input.count == input.size(1) {
      let output = normalizedAlone(input, moves: 1)
      if copies > 1 { withoutGradients { runningVariance.multiplyInPlace(by: 1 - momentum) } }
      return output
    }
    guard mode == .training, copies > 1 else {
      return input.batchNorm(
        weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance,
        training: mode == .training, momentum: momentum, epsilon: epsilon)
    }
    // The engine keeps the statistics it was given for its backward, so they may not change after the call:
    // it moves copies, and ours follow.
    let mean = runningMean.copied()
    let variance = runningVariance.copied()
    let output = input.batchNorm(
      weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: true,
      momentum: momentum, epsilon: epsilon)
    let n = Double(input.count / input.size(1))
    let copied = n * Double(copies)
    // Of new = (1 − m) old + m · n/(n − 1) · variance, the last term is scaled to the larger divisor.
    let factor = (copied / (copied - 1)) / (n / (n - 1))
    withoutGradients {
      let kept = runningVariance * (1 - momentum)
      runningMean.copyInPlace(from: mean)
      runningVariance.copyInPlace(from: kept + (variance - kept) * factor)
    }
    return output
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
    // With momentum 1 the engine leaves the statistics themselves. Its backward keeps the tensors that it was
    // given, so they may not be ours, which a later step moves.
    let mean = Tensor.zeros(like: runningMean)
    let variance = Tensor.zeros(like: runningVariance)
    let output = input.batchNorm(
      weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: true,
      momentum: 1, epsilon: epsilon)
    withoutGradients {
      let hasVariance = input.count > input.size(1)
      for _ in 0..<moves {
        for (running, new) in [(runningMean, mean)]
          + (hasVariance ? [(runningVariance, variance)] : [])
        {
          running.multiplyInPlace(by: 1 - momentum)
          running.addInPlace(new, scale: momentum)
        }
      }
    }
    return output
  }
}
