/// What normalises a channel: its mean and biased variance, `[C]` each.
public struct ChannelStatistics: Sendable {
  public let mean: Tensor
  public let variance: Tensor
  /// Whether they are those of the very batch that they normalise, so that gradients go through them.
  public let areOfBatch: Bool

  public init(mean: Tensor, variance: Tensor, areOfBatch: Bool = false) {
    self.mean = mean
    self.variance = variance
    self.areOfBatch = areOfBatch
  }

  /// Moves running statistics r in place towards these: r ← (1 − momentum) · r + momentum · s.
  ///
  /// The running variance collects the unbiased one; of a single value a channel there is none, and it stays.
  ///
  /// - Parameter values: how many values of a channel these are of.
  public func move(mean: Tensor?, variance: Tensor?, by momentum: Double, values: Int) {
    withoutGradients {
      if let mean {
        mean.multiplyInPlace(by: 1 - momentum)
        mean.addInPlace(self.mean, scale: momentum)
      }
      guard let variance, values > 1 else { return }
      let unbiased = Double(values) / Double(values - 1)
      variance.multiplyInPlace(by: 1 - momentum)
      variance.addInPlace(self.variance, scale: momentum * unbiased)
    }
  }
}

extension Tensor {
  private enum Op {
    static let batchNorm = Operator(known: "batch_norm")
    static let batchNormGiven = Operator(known: "spikeguard::batch_norm")
    static let batchStatistics = Operator(known: "spikeguard::batch_statistics")
  }

  /// Normalises each channel (dimension 1), then scales and shifts.
  ///
  /// - Parameters:
  ///   - runningMean, runningVariance: used when not training; when training they move in place by
  ///     `momentum` towards the batch's mean and unbiased variance; of one value a channel there is no variance, and the
  ///     running one stays. Half precision is left to the engine. Without training both must be there.
  ///   - training: whether the batch's own statistics normalise it.
  public func batchNorm(
    weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVariance: Tensor?, training: Bool,
    momentum: Double = 0.1, epsilon: Double = 1e-5
  ) -> Tensor {
    if !training, let runningMean, let runningVariance {
      return batchNorm(
        weight: weight, bias: bias,
        by: ChannelStatistics(mean: runningMean, variance: runningVariance), epsilon: epsilon)
    }
    // Statistics of half precision are left to the engine, and its message where there is nothing to normalise by.
    guard training, count > 0, dtype == .float32 || dtype == .float64 else {
      return must { () throws(TorchError) in
        try Op.batchNorm(
          self, weight, bias, runningMean, runningVariance, training, momentum, epsilon, false)
      }
    }
    let statistics = batchStatistics
    statistics.move(
      mean: runningMean, variance: runningVariance, by: momentum, values: count / size(1))
    return batchNorm(weight: weight, bias: bias, by: statistics, epsilon: epsilon)
  }

  /// Normalises each channel (dimension 1) by given statistics, then scales and shifts.
  ///
  /// Differentiable any number of times. Statistics of the batch itself are functions of it, and gradients go through
  /// them; others are constants.
  public func batchNorm(
    weight: Tensor?, bias: Tensor?, by statistics: ChannelStatistics, epsilon: Double = 1e-5
  ) -> Tensor {
    must { () throws(TorchError) in
      try Op.batchNormGiven(
        self, weight, bias, statistics.mean, statistics.variance, epsilon, statistics.areOfBatch)
    }
  }

  /// Mean and biased variance of each channel (dimension 1) over everything else, as numbers without gradients.
  ///
  /// - Precondition: there are values.
  ///
  /// Channels-last images on the CPU are read once; the sums have the same bits on any number of threads.
  public var batchStatistics: ChannelStatistics {
    withoutGradients {
      let results = must { () throws(TorchError) in try Op.batchStatistics.results(self) }
      return ChannelStatistics(
        mean: results[0].tensor, variance: results[1].tensor, areOfBatch: true)
    }
  }
}
