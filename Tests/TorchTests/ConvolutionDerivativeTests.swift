import TestSupport
import Testing
import Torch

/// `conv2d` differentiated once, twice and three times, beside the engine's own convolution.
@Suite struct ConvolutionDerivativeTests {
  typealias Convolve = ([Tensor]) throws -> Tensor

  /// Every non-empty choice among `count` things.
  static func choices(of count: Int) -> [[Int]] {
    (1..<(1 << count)).map { bits in (0..<count).filter { bits >> $0 & 1 == 1 } }
  }

  static func expectSameBits(_ a: Tensor, _ b: Tensor, _ what: String) {
    #expect(a.scalars(of: Double.self) == b.scalars(of: Double.self), "\(what)")
    #expect(a.strides == b.strides, "order of memory: \(what)")
  }

  /// Of one size of rounding for the whole tensor: a sum may cancel.
  static func expectClose(_ a: Tensor, _ b: Tensor, _ what: String) {
    let scale = b.magnitude().max().item()
    TestSupport.expectClose(
      a, b, relative: 0, absolute: (b.dtype == .float64 ? 1e-12 : 1e-5) * max(scale, 1), what)
  }

  @Test(arguments: ConvolutionCase.all)
  func `values and gradients are the engine's, bit for bit`(row: ConvolutionCase) throws {
    let operands = row.operands()
    for chosen in Self.choices(of: operands.count) {
      func results(_ convolve: Convolve) throws -> [Tensor] {
        let leaves = operands.indices.map { index in
          chosen.contains(index) ? operands[index].requiringGradient() : operands[index]
        }
        let y = try convolve(leaves)
        let g = row.random(y.shape, seed: 9)
        return try [y]
          + vectorJacobianProduct(outputs: [y], inputs: chosen.map { leaves[$0] }, vectors: [g])
      }
      for (index, (ours, engine)) in zip(try results(row.ours), try results(row.engine))
        .enumerated()
      {
        Self.expectSameBits(ours, engine, "result \(index) for \(chosen), \(row)")
        if row.layout == .channelsLast, ours.rank == 4 {
          #expect(ours.strides == ours.contiguous(.channelsLast).strides)
        }
      }
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func `without recording, values are the engine's`(row: ConvolutionCase) throws {
    let leaves = row.operands().map { $0.requiringGradient() }
    let (ours, engine) = try withoutGradients { (try row.ours(leaves), try row.engine(leaves)) }
    #expect(!ours.requiresGradient)
    Self.expectSameBits(ours, engine, "\(row)")
  }

  /// The second derivative for given cotangents of the gradients: towards the output's gradient, x, weight, bias.
  static func second(
    _ row: ConvolutionCase, _ convolve: Convolve, frozen: Int? = nil, cotangents: [Int],
    wanted: [Int]? = nil
  ) throws -> [Tensor] {
    let leaves = row.operands().enumerated().map { $0 == frozen ? $1 : $1.requiringGradient() }
    let y = try convolve(leaves)
    let g = row.random(y.shape, seed: 9).requiringGradient()
    let inputs = cotangents.map { leaves[$0] }
    let first = try vectorJacobianProduct(
      outputs: [y], inputs: inputs, vectors: [g], createGraph: true)
    let vectors = cotangents.map { row.operands(seed: 20)[$0] }
    let targets = ([g] + leaves).filter(\.requiresGradient)
    return try vectorJacobianProduct(
      outputs: first, inputs: (wanted ?? Array(targets.indices)).map { targets[$0] },
      vectors: vectors)
  }

  @Test(arguments: ConvolutionCase.all)
  func `second derivatives are the engine's for every choice of cotangents`(
    row: ConvolutionCase
  ) throws {
    for cotangents in Self.choices(of: row.hasBias ? 3 : 2) {
      let ours = try Self.second(row, row.ours, cotangents: cotangents)
      let engine = try Self.second(row, row.engine, cotangents: cotangents)
      #expect(ours.count == (row.hasBias ? 4 : 3) && engine[0].anyTrue())
      for (index, (a, b)) in zip(ours, engine).enumerated() {
        Self.expectClose(a, b, "towards \(index) from \(cotangents), \(row)")
      }
    }
  }

  @Test(arguments: ConvolutionCase.all.filter { $0.hasBias && $0.dtype == .float64 })
  func `second derivatives are the engine's where an operand is frozen or not asked for`(
    row: ConvolutionCase
  ) throws {
    for frozen in 0..<3 {
      let cotangents = (0..<3).filter { $0 != frozen }
      for wanted in Self.choices(of: 3) {
        func found(_ convolve: Convolve) throws -> [Tensor] {
          try Self.second(
            row, convolve, frozen: frozen, cotangents: cotangents, wanted: wanted)
        }
        for (a, b) in zip(try found(row.ours), try found(row.engine)) {
          Self.expectClose(a, b, "\(wanted) while \(frozen) is frozen, \(row)")
        }
      }
    }
  }

  @Test(arguments: ConvolutionCase.all.filter { $0.layout == .channelsLast })
  func `second derivatives keep channels last`(row: ConvolutionCase) throws {
    for cotangents in [[0], [1], [0, 1]] {
      let found = try Self.second(row, row.ours, cotangents: cotangents)
      for (index, tensor) in found.enumerated() where tensor.rank == 4 {
        #expect(
          tensor.strides == tensor.contiguous(.channelsLast).strides,
          "towards \(index) from \(cotangents), \(row)")
      }
    }
  }

  /// Σ over all second derivatives, weighted: a scalar of x, weight, the output's gradient and the cotangents.
  static func jerk(_ row: ConvolutionCase, _ leaves: [Tensor]) throws -> Tensor {
    let count = row.hasBias ? 3 : 2
    let operands = Array(leaves[1...count])
    let first = try vectorJacobianProduct(
      outputs: [row.ours(operands)], inputs: operands, vectors: [leaves[0]], createGraph: true)
    let second = try vectorJacobianProduct(
      outputs: first, inputs: [leaves[0], operands[0], operands[1]],
      vectors: Array(leaves.suffix(count)), createGraph: true)
    return second.enumerated().map { index, part in
      (part.squared() * randomTensor(part.shape, seed: UInt64(40 + index), dtype: .float64)).sum()
    }.reduce(Tensor(0.0), +)
  }

  @Test(arguments: ConvolutionCase.small)
  func `third derivatives agree with central differences`(row: ConvolutionCase) throws {
    let operands = row.operands()
    let g = row.random(try row.ours(operands).shape, seed: 9)
    let cotangents = row.operands(seed: 20)
    let start = ([g] + operands + cotangents).map { $0.requiringGradient() }
    let found = try Self.jerk(row, start).gradients(of: start)
    for index in start.indices {
      let expected = try numericalGradient(at: start[index].detached()) { moved in
        var leaves = start
        leaves[index] = moved.requiringGradient()
        return try Self.jerk(row, leaves).detached()
      }
      TestSupport.expectClose(
        found[index], expected, relative: 1e-6,
        absolute: 1e-7 * max(1, expected.magnitude().max().item()), "leaf \(index), \(row)")
    }
  }

  /// uᵀHv = vᵀHu of a loss that is not linear in the output, twice from one graph.
  @Test func `a kept graph gives the same product again, and a symmetric matrix`() throws {
    let row = ConvolutionCase(stride: 2, padding: 1)
    let leaves = row.operands().map { $0.requiringGradient() }
    let loss = try row.ours(leaves).power(3).sum()
    let gradient = loss.gradients(of: leaves, createGraph: true)
    func product(_ seed: UInt64) throws -> [Tensor] {
      try vectorJacobianProduct(
        outputs: gradient, inputs: leaves, vectors: row.operands(seed: seed), retainGraph: true)
    }
    func dot(_ a: [Tensor], _ b: [Tensor]) -> Double {
      zip(a, b).map { ($0 * $1).sum().item() }.reduce(0, +)
    }
    let (hu, hv) = (try product(50), try product(60))
    for (a, b) in zip(try product(50), hu) { Self.expectSameBits(a, b, "again") }
    TestSupport.expectClose(
      dot(row.operands(seed: 60), hu), dot(row.operands(seed: 50), hv), relative: 1e-12)
  }

  @Test func `one tensor may be image and kernel, and an image may come without a batch`() throws {
    func gradient(_ convolve: (Tensor) throws -> Tensor, _ x: Tensor) throws -> [Tensor] {
      let leaf = x.requiringGradient()
      let y = try convolve(leaf)
      let first = y.power(3).sum().gradients(of: [leaf], createGraph: true)[0]
      return [y, first] + first.power(3).sum().gradients(of: [leaf])
    }
    let engine = try Operator("conv2d")
    let square = randomTensor([2, 2, 3, 3], seed: 1, dtype: .float64)
    let image = randomTensor([2, 5, 4], seed: 2, dtype: .float64)
    let found =
      try gradient({ $0.conv2d($0, padding: 1) }, square)
      + gradient({ $0.conv2d(square) }, image)
    let expected =
      try gradient({ try engine($0, $0, Tensor?.none, [1, 1], [1, 1]) }, square)
      + gradient({ try engine($0, square) }, image)
    for (index, (a, b)) in zip(found, expected).enumerated() { Self.expectClose(a, b, "\(index)") }
  }
}
