import TestSupport
import Testing
import Torch

/// Statistics of a batch against float64, and batch norm by given statistics against formulas and the engine.
@Suite struct BatchNormTests {
  struct Row: Sendable, CustomStringConvertible {
    let shape: [Int]
    var isChannelsLast = true
    var dtype = DType.float32
    var description: String { "\(shape), channels last \(isChannelsLast), \(dtype)" }

    /// Channels around 0, 30 … 1770, whose spread is 1 to 19: a sum of squares would lose their variance in float32.
    func images() -> Tensor {
      let channel = Tensor((0..<shape[1]).map { Double($0 % 60) })
        .reshaped([1, shape[1]] + shape.dropFirst(2).map { _ in 1 })
      let x = (randomTensor(shape, seed: 3, dtype: .float64) * (channel * 0.3 + 1) + channel * 30)
        .converted(to: dtype)
      return isChannelsLast ? x.contiguous(.channelsLast) : x
    }
  }

  static let rows: [Row] = [
    Row(shape: [2, 3, 5, 7]), Row(shape: [1, 1, 9, 4]), Row(shape: [7, 5, 1, 3]),
    Row(shape: [3, 8, 4, 4]), Row(shape: [5, 33, 6, 6]), Row(shape: [16, 43, 16, 16]),
    Row(shape: [9, 512, 2, 2]), Row(shape: [9, 1500, 2, 2]), Row(shape: [8, 2, 90, 91]),
    Row(shape: [40, 64, 32, 32]),
    Row(shape: [1, 6, 1, 1]),
    Row(shape: [3, 19, 5, 4], dtype: .float64), Row(shape: [4, 6, 5, 5], isChannelsLast: false),
    Row(shape: [17, 4], isChannelsLast: false),
  ]

  @Test(arguments: rows) func `mean and biased variance are those of float64`(row: Row) {
    let x = row.images().requiringGradient()
    let statistics = x.batchStatistics
    let exact = x.detached().converted(to: .float64)
    let others = [0] + (2..<max(2, x.rank))
    let mean = exact.mean(along: others)
    let variance = exact.variance(along: others, correction: 0)
    let precision = row.dtype == .float32 ? 5e-7 : 1e-13
    #expect(statistics.mean.dtype == row.dtype && statistics.mean.shape == [row.shape[1]])
    expectClose(
      statistics.mean.converted(to: .float64), mean, relative: precision, absolute: precision)
    // Where the mean is a hundred times the spread, its rounding shows.
    expectClose(
      statistics.variance.converted(to: .float64), variance, relative: 20 * precision,
      absolute: precision)
    #expect(statistics.areOfBatch && !statistics.mean.requiresGradient)
  }

  @Test func `the number of threads changes no bit`() {
    let x = Row(shape: [40, 43, 32, 32]).images()
    let before = Engine.threads
    defer { Engine.threads = before }
    let all = [1, 2, 3, 7].map { threads -> ChannelStatistics in
      Engine.threads = threads
      return x.batchStatistics
    }
    for statistics in all {
      #expect(statistics.mean.isIdentical(to: all[0].mean))
      #expect(statistics.variance.isIdentical(to: all[0].variance))
    }
  }

  @Test func `one image's NaN spoils its channel and no other`() {
    let x = Row(shape: [40, 35, 8, 8]).images()
    let channels = [5, 20, 33]  // in tiles of four vectors, and behind them
    for channel in channels {
      withoutGradients { x[3][channel][2][5].copyInPlace(from: Tensor(Float.nan)) }
    }
    let statistics = x.batchStatistics
    for numbers in [statistics.mean, statistics.variance] {
      #expect((0..<35).filter { !numbers[$0].item().isFinite } == channels)
    }
  }

  /// Statistics of the batch, given, are the engine's training mode.
  @Test(arguments: [DType.float32, .float64])
  func `by the batch's statistics, values and gradients are the training mode's`(dtype: DType)
    throws
  {
    let x = Row(shape: [6, 5, 4, 3], dtype: dtype).images().requiringGradient()
    let weight = (randomTensor([5], seed: 4, dtype: dtype) + 2).requiringGradient()
    let bias = randomTensor([5], seed: 5, dtype: dtype).requiringGradient()
    let engine = try Operator("aten::batch_norm")
    let nothing: Tensor? = nil
    let outputs = [
      x.batchNorm(weight: weight, bias: bias, by: x.batchStatistics),
      try engine(x, weight, bias, nothing, nothing, true, 0.1, 1e-5, false),
    ]
    let all = try outputs.map { output -> [Tensor] in
      let direction = randomTensor(output.shape, seed: 6, dtype: dtype).requiringGradient()
      let first = try vectorJacobianProduct(
        outputs: [output], inputs: [x, weight, bias], vectors: [direction], createGraph: true)
      let second = try vectorJacobianProduct(
        outputs: first, inputs: [x, weight, direction],
        vectors: first.map { randomTensor($0.shape, seed: 7, dtype: dtype) })
      return [output] + first + second
    }
    for (found, expected) in zip(all[0], all[1]) {
      let distance = (found - expected).norm().item() / expected.norm().item()
      #expect(distance < (dtype == .float32 ? 1e-4 : 1e-12))
    }
  }

  /// One image keeps channels-last order under any stride between images, images of one row or column under any between
  /// those; LibTorch's own backward then reads x or the gradient in the other's order.
  @Test(
    arguments: [
      ([1, 5, 4, 3], [5, 1, 15, 5]), ([3, 5, 1, 4], [20, 1, 5, 5]), ([3, 5, 4, 1], [20, 1, 5, 4]),
    ], [true, false])
  func `strides that mean nothing change no gradient`(
    _ layout: (shape: [Int], strides: [Int]), isOfBatch: Bool
  ) throws {
    let shape = layout.shape
    let x = randomTensor(shape, seed: 3, dtype: .float64)
    let direction = randomTensor(shape, seed: 4, dtype: .float64)
    let asStrided = try Operator("aten::as_strided")
    let layouts: [(Tensor) throws -> Tensor] = [
      { $0 }, { $0.contiguous(.channelsLast) },
      { try asStrided($0.contiguous(.channelsLast), shape, layout.strides, 0) },
    ]
    let given = ChannelStatistics(
      mean: Tensor([0.5, 1, -1, 0, 2]), variance: Tensor([1, 2, 3, 4, 5.0]))
    func gradients(_ x: Tensor, _ direction: Tensor) throws -> [Tensor] {
      let (x, direction) = (x.requiringGradient(), direction.requiringGradient())
      let weight = Tensor([1, 2, 3, -1, 0.5]).requiringGradient()
      let y = x.batchNorm(weight: weight, bias: nil, by: isOfBatch ? x.batchStatistics : given)
      let first = try vectorJacobianProduct(
        outputs: [y], inputs: [x, weight], vectors: [direction], createGraph: true)
      return first
        + (try vectorJacobianProduct(
          outputs: first, inputs: [x, weight, direction],
          vectors: first.map { randomTensor($0.shape, seed: 5, dtype: .float64) }))
    }
    let expected = try gradients(x, direction)
    for ofX in layouts {
      for ofDirection in layouts {
        let found = try gradients(ofX(x), ofDirection(direction))
        for (a, b) in zip(found, expected) { expectClose(a, b, relative: 1e-12, absolute: 1e-12) }
      }
    }
  }

  @Test func `in training one value moves the mean alone, and either statistic may be left out`() {
    let (mean, variance) = (Tensor([1.0, 2]), Tensor([3.0, 4]))
    let one = Tensor([5.0, 6]).reshaped([1, 2, 1, 1])
    _ = one.batchNorm(
      weight: nil, bias: nil, runningMean: mean, runningVariance: variance, training: true,
      momentum: 0.5)
    #expect(mean.scalars(of: Double.self) == [3, 4])
    #expect(variance.scalars(of: Double.self) == [3, 4])
    let two = Tensor([1.0, 10, 3, 30]).reshaped([2, 2, 1, 1])
    _ = two.batchNorm(
      weight: nil, bias: nil, runningMean: nil, runningVariance: variance, training: true,
      momentum: 0.5)
    #expect(variance.scalars(of: Double.self) == [2.5, 102])
    _ = two.batchNorm(
      weight: nil, bias: nil, runningMean: mean, runningVariance: nil, training: true, momentum: 0.5
    )
    #expect(mean.scalars(of: Double.self) == [2.5, 12])
  }

  /// Weights and running statistics in float32, as mixed precision has them.
  @Test func `images of half precision stay with the engine`() {
    let x = randomTensor([4, 3, 5, 2], seed: 1)
    let (weight, bias) = (Tensor([1, 2, 3] as [Float]), Tensor([0.5, 0, 1] as [Float]))
    func run(_ x: Tensor) -> (y: Tensor, mean: Tensor, gradient: Tensor) {
      let (x, mean) = (x.requiringGradient(), Tensor([0, 0, 0] as [Float]))
      let y = x.batchNorm(
        weight: weight, bias: bias, runningMean: mean,
        runningVariance: Tensor([1, 1, 1] as [Float]),
        training: true)
      return (y, mean, y.squared().converted(to: .float32).sum().gradients(of: [x])[0])
    }
    let (half, full) = (run(x.converted(to: .bfloat16)), run(x))
    #expect(half.y.dtype == .bfloat16 && half.mean.dtype == .float32)
    expectClose(half.y.converted(to: .float32), full.y, relative: 0.05, absolute: 0.05)
    expectClose(half.mean, full.mean, absolute: 0.01)
    #expect(full.mean.norm().item() > 0.01)
    #expect(half.gradient.converted(to: .float32).norm().item().isFinite)
  }

  @Test func `values without channels are refused`() throws {
    let statistics = try Operator("spikeguard::batch_statistics")
    #expect(throws: TorchError.self) { try statistics.results(Tensor.ones([3])) }
    #expect(throws: TorchError.self) { try statistics.results(Tensor.ones([0, 3, 2, 2])) }
  }
}
