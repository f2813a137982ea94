import Layers
import Spiking
import TestSupport
import Testing
import Torch

/// Batch norm over a signal, by the statistics of all steps and of each.
@Suite struct BatchStatisticsTests {
  /// One channel's numbers through the formulas, one after the other.
  private struct ScalarNorm {
    let weight: Double
    let bias: Double
    var mean = 0.0
    var variance = 1.0

    mutating func normalize(_ x: [Double]) -> [Double] {
      let n = Double(x.count)
      let center = x.reduce(0, +) / n
      let spread = x.reduce(0) { $0 + ($1 - center) * ($1 - center) }
      mean = 0.9 * mean + 0.1 * center
      variance = 0.9 * variance + 0.1 * spread / (n - 1)
      return x.map { weight * ($0 - center) / (spread / n + 1e-5).squareRoot() + bias }
    }
  }

  private func norm(_ channels: Int, dtype: DType = .float64) -> BatchNorm2d {
    let norm = BatchNorm2d(channels, dtype: dtype)
    withoutGradients {
      norm.weight.copyInPlace(from: randomTensor([channels], seed: 1) * 0.3 + 1)
      norm.bias.copyInPlace(from: randomTensor([channels], seed: 2))
    }
    return norm
  }

  /// T·B × C × H × W with another mean and spread in each step.
  private func currents(
    _ steps: Int, _ batch: Int, _ channels: Int, dtype: DType = .float64
  ) -> Tensor {
    let noise = randomTensor([steps, batch, channels, 3, 2], seed: 3, dtype: dtype)
    let t = Tensor.arange(1, steps + 1).converted(to: dtype).reshaped([steps, 1, 1, 1, 1])
    return (noise * t + t * 0.7).flattened(from: 0, to: 1)
  }

  @Test(
    arguments: [(1, 2, 3), (2, 1, 1), (4, 3, 5), (7, 2, 2)] as [(Int, Int, Int)],
    BatchStatistics.allCases)
  func `normalises as the formulas do, number by number`(
    _ shape: (steps: Int, batch: Int, channels: Int), _ statistics: BatchStatistics
  ) {
    let (steps, batch, channels) = shape
    let x = currents(steps, batch, channels)
    let norm = norm(channels)
    let signal = Signal(stepped: x.contiguous(.channelsLast), steps: steps)
    let y = norm(signal, ForwardPass(.training, batchStatistics: statistics))
    #expect(!y.isConstant && y.steps == steps)
    if channels > 1 { #expect(y.values.strides == signal.values.strides, "a copy a layer") }
    for channel in 0..<channels {
      var slow = ScalarNorm(
        weight: norm.weight[channel].item(), bias: norm.bias[channel].item())
      let numbers = x.selecting(channel, along: 1).scalars(of: Double.self)
      let size = statistics == .allSteps ? numbers.count : numbers.count / steps
      let expected = stride(from: 0, to: numbers.count, by: size).flatMap {
        slow.normalize(Array(numbers[$0..<$0 + size]))
      }
      expectClose(
        y.values.selecting(channel, along: 1).scalars(of: Double.self), expected, relative: 1e-11,
        absolute: 1e-12)
      expectClose(norm.runningMean[channel].item(), slow.mean, relative: 1e-13)
      expectClose(norm.runningVariance[channel].item(), slow.variance, relative: 1e-13)
    }
  }

  @Test(arguments: [1, 2, 5, 16]) func `a constant signal moves the statistics T times`(
    _ steps: Int
  ) {
    let x = currents(1, 4, 3)
    let (each, all, calls) = (norm(3), norm(3), norm(3))
    let start = each.runningMean.copied() + 2
    for norm in [each, all, calls] { norm.runningMean.copyInPlace(from: start) }
    let signal = Signal(constant: x, steps: steps)
    let y = each(signal, ForwardPass(.training, batchStatistics: .eachStep))
    #expect(y.isConstant && y.steps == steps)
    let z = all(signal, ForwardPass(.training))
    #expect(y.values.isIdentical(to: z.values))
    for _ in 0..<steps { _ = calls(x, .training) }
    // r ← 0.9 r + 0.1 s, T times: what is left of the start is 0.9ᵀ.
    let left = (0..<steps).reduce(1) { kept, _ in kept * 0.9 }
    let mean = x.mean(along: [0, 2, 3])
    let variance = x.variance(along: [0, 2, 3])
    expectClose(each.runningMean, start * left + mean * (1 - left), relative: 1e-13)
    expectClose(each.runningVariance, variance * (1 - left) + left, relative: 1e-13)
    expectClose(each.runningMean, calls.runningMean, relative: 1e-13)
    expectClose(each.runningVariance, calls.runningVariance, relative: 1e-13)
  }

  @Test(arguments: [false, true], BatchStatistics.allCases)
  func `gradients are those of finite differences`(
    _ isConstant: Bool, _ statistics: BatchStatistics
  ) {
    let norm = norm(2)
    let x = currents(isConstant ? 1 : 3, 2, 2)
    let weight = randomTensor([6, 2, 3, 2], seed: 5, dtype: .float64)
    let loss = { (x: Tensor) in
      let signal = isConstant ? Signal(constant: x, steps: 3) : Signal(stepped: x, steps: 3)
      let y = norm(signal, ForwardPass(.training, batchStatistics: statistics)).folded
      return (y.hyperbolicTangent() * weight).sum()
    }
    let leaves: NamedTensors = [
      "x": x.requiringGradient(), "weight": norm.weight, "bias": norm.bias,
    ]
    let gradients = loss(leaves["x"]!).gradients(of: leaves)
    expectClose(
      gradients["x"]!, numericalGradient(at: x, of: loss), relative: 1e-6, absolute: 1e-8)
    for (name, own) in [("weight", norm.weight), ("bias", norm.bias)] {
      let before = own.detached().copied()
      let numerical = numericalGradient(at: before) { moved in
        withoutGradients { own.copyInPlace(from: moved) }
        return loss(x).detached()
      }
      withoutGradients { own.copyInPlace(from: before) }
      expectClose(gradients[name]!, numerical, relative: 1e-6, absolute: 1e-8)
    }
  }

  @Test func `in evaluation mode and with one step both are the same, bit for bit`() {
    let x = currents(4, 2, 3, dtype: .float32)
    for (mode, steps) in [(Mode.evaluation, 4), (.training, 1)] {
      let norms = [norm(3, dtype: .float32), norm(3, dtype: .float32)]
      let outputs = zip(norms, BatchStatistics.allCases).map { norm, statistics in
        norm(
          Signal(stepped: x, steps: steps), ForwardPass(mode, batchStatistics: statistics)
        ).values
      }
      #expect(outputs[0].isIdentical(to: outputs[1]))
      #expect(norms[0].runningMean.isIdentical(to: norms[1].runningMean))
      #expect(norms[0].runningVariance.isIdentical(to: norms[1].runningVariance))
    }
  }
}
