import TestSupport
import Testing
import Torch

/// `batchNorm` with given statistics, differentiated once, twice and three times, beside the engine's own.
@Suite struct FrozenBatchNormTests {
  /// One batch norm, by our operator and by the engine's.
  struct Row: Sendable, CustomStringConvertible {
    var size = [3, 5, 4, 3]
    var hasWeight = true
    var hasBias = true
    var dtype = DType.float64
    var isChannelsLast = false

    private static let shapes: [Row] = [
      Self(), Self(hasBias: false), Self(hasWeight: false), Self(hasWeight: false, hasBias: false),
      Self(size: [1, 1, 1, 1]), Self(size: [2, 7, 1, 1]), Self(size: [1, 17, 5, 3]),
      Self(size: [6, 4]), Self(size: [2, 3, 4, 2, 2]),
    ]
    static let all: [Row] = [DType.float64, .float32].flatMap { dtype in
      [false, true].flatMap { isChannelsLast in
        shapes.map { shape in
          var row = shape
          (row.dtype, row.isChannelsLast) = (dtype, isChannelsLast && shape.size.count == 4)
          return row
        }
      }
    }

    var description: String {
      "\(size), \(hasWeight ? "" : "no ")weight, \(hasBias ? "" : "no ")bias, \(dtype)"
        + (isChannelsLast ? ", channels last" : "")
    }

    func random(_ shape: [Int], seed: UInt64) -> Tensor {
      let tensor = randomTensor(shape, seed: seed, dtype: dtype)
      return isChannelsLast && shape.count == 4 ? tensor.contiguous(.channelsLast) : tensor
    }
    /// x, and weight and bias where there are any.
    func operands(seed: UInt64 = 1) -> [Tensor] {
      [random(size, seed: seed)]
        + [hasWeight, hasBias].enumerated().filter { $1 }.map {
          random([size[1]], seed: seed + 1 + UInt64($0.offset))
        }
    }
    private func parts(_ operands: [Tensor]) -> (weight: Tensor?, bias: Tensor?) {
      (hasWeight ? operands[1] : nil, hasBias ? operands.last : nil)
    }
    private var mean: Tensor { random([size[1]], seed: 31) }
    private var variance: Tensor { random([size[1]], seed: 32).squared() + 0.3 }

    func ours(_ operands: [Tensor]) throws -> Tensor {
      let (weight, bias) = parts(operands)
      return operands[0].batchNorm(
        weight: weight, bias: bias, runningMean: mean, runningVariance: variance, training: false,
        epsilon: 1e-3)
    }
    /// - Parameter isTwice: for a second derivative. The engine's is wrong where there is a bias and no weight (zero, or an
    ///   error), and right with a weight of 1.
    func engine(_ operands: [Tensor], isTwice: Bool = false) throws -> Tensor {
      var (weight, bias) = parts(operands)
      if isTwice, weight == nil { weight = .ones([size[1]], dtype: dtype) }
      return try Operator("batch_norm")(
        operands[0], weight, bias, mean, variance, false, 0.1, 1e-3, false)
    }
  }

  @Test(arguments: Row.all)
  func `values and gradients are the engine's, bit for bit`(row: Row) throws {
    let operands = row.operands()
    for chosen in choices(of: operands.count) {
      func results(_ normalize: ([Tensor]) throws -> Tensor) throws -> [Tensor] {
        let leaves = operands.indices.map { index in
          chosen.contains(index) ? operands[index].requiringGradient() : operands[index]
        }
        let y = try normalize(leaves)
        return try [y]
          + vectorJacobianProduct(
            outputs: [y], inputs: chosen.map { leaves[$0] },
            vectors: [row.random(y.shape, seed: 9)])
      }
      for (ours, engine) in zip(try results(row.ours), try results { try row.engine($0) }) {
        expectSameBits(ours, engine, "for \(chosen), \(row)")
      }
    }
    let (ours, engine) = try withoutGradients { (try row.ours(operands), try row.engine(operands)) }
    expectSameBits(ours, engine, "without recording, \(row)")
  }

  /// Towards the output's gradient, x, weight, bias, for given cotangents of the gradients.
  static func second(
    _ row: Row, _ normalize: ([Tensor]) throws -> Tensor, cotangents: [Int]
  ) throws -> [Tensor] {
    let leaves = row.operands().map { $0.requiringGradient() }
    let y = try normalize(leaves)
    let g = row.random(y.shape, seed: 9).requiringGradient()
    let first = try vectorJacobianProduct(
      outputs: [y], inputs: cotangents.map { leaves[$0] }, vectors: [g], createGraph: true)
    return try vectorJacobianProduct(
      outputs: first, inputs: [g] + leaves,
      vectors: cotangents.map { row.random(leaves[$0].shape, seed: UInt64(20 + $0)) })
  }

  @Test(arguments: Row.all)
  func `second derivatives are the engine's for every choice of cotangents`(row: Row) throws {
    for cotangents in choices(of: row.operands().count) {
      let ours = try Self.second(row, row.ours, cotangents: cotangents)
      let engine = try Self.second(
        row, { try row.engine($0, isTwice: true) }, cotangents: cotangents)
      #expect(engine[0].anyTrue())
      for (index, (a, b)) in zip(ours, engine).enumerated() {
        expectCloseToScale(a, b, "towards \(index) from \(cotangents), \(row)")
        if row.isChannelsLast, cotangents.contains(0), index < 2 {
          #expect(a.strides == a.contiguous(.channelsLast).strides, "towards \(index), \(row)")
        }
      }
    }
  }

  @Test(arguments: [Row(size: [2, 2, 2, 1]), Row(size: [3, 2], hasWeight: false)])
  func `third derivatives agree with central differences`(row: Row) throws {
    /// A scalar of the output's gradient, the operands and the cotangents, through all second derivatives.
    func jerk(_ leaves: [Tensor]) throws -> Tensor {
      let operands = Array(leaves[1...(leaves.count / 2)])
      let first = try vectorJacobianProduct(
        outputs: [row.ours(operands)], inputs: operands, vectors: [leaves[0]], createGraph: true)
      let second = try vectorJacobianProduct(
        outputs: first, inputs: [leaves[0]] + operands,
        vectors: Array(leaves.suffix(operands.count)), createGraph: true)
      return second.enumerated().map { index, part in
        (part.squared() * randomTensor(part.shape, seed: UInt64(40 + index), dtype: .float64)).sum()
      }.reduce(Tensor(0.0), +)
    }
    let start = ([row.random(row.size, seed: 9)] + row.operands() + row.operands(seed: 20)).map {
      $0.requiringGradient()
    }
    let found = try jerk(start).gradients(of: start)
    for index in start.indices {
      let expected = try numericalGradient(at: start[index].detached()) { moved in
        var leaves = start
        leaves[index] = moved.requiringGradient()
        return try jerk(leaves).detached()
      }
      expectClose(
        found[index], expected, relative: 1e-6,
        absolute: 1e-7 * max(1, expected.magnitude().max().item()), "leaf \(index), \(row)")
    }
  }

  @Test func `statistics that move between forward and backward are refused`() throws {
    let x = randomTensor([2, 3, 2, 2], seed: 1).requiringGradient()
    let (mean, variance) = (randomTensor([3], seed: 2), Tensor.ones([3]))
    let y = x.batchNorm(
      weight: nil, bias: nil, runningMean: mean, runningVariance: variance, training: false)
    variance.addInPlace(.ones([3]))
    #expect(throws: TorchError.self) {
      try vectorJacobianProduct(outputs: [y.sum()], inputs: [x], vectors: nil)
    }
  }
}
