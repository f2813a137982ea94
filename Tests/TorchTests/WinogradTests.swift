import TestSupport
import Testing
import Torch

/// The short convolutions against the engine's direct sum in float64.
@Suite struct WinogradTests {
  struct Row: Sendable, CustomStringConvertible {
    var images = 2
    var height = 8
    var width = 8
    var inputs = 64
    var outputs = 64
    var hasBias = true

    var description: String { "\(images) of \(inputs) × \(height) × \(width) to \(outputs)" }

    func operands(dtype: DType = .float32) -> [Tensor] {
      let x = randomTensor([images, inputs, height, width], seed: 1).contiguous(.channelsLast)
      let weight = randomTensor([outputs, inputs, 3, 3], seed: 2)
      let bias = hasBias ? [randomTensor([outputs], seed: 3)] : []
      return ([x, weight] + bias).map { $0.converted(to: dtype) }
    }
    /// Of an output.
    func direction() -> Tensor { randomTensor([images, outputs, height, width], seed: 4) }
  }

  /// One pixel, images smaller than a tile, odd sizes, part-filled panels and blocks of channels, one image, more tiles
  /// than a chunk holds.
  static let rows: [Row] = [
    Row(), Row(images: 1, height: 1, width: 1, inputs: 1, outputs: 1),
    Row(images: 3, height: 2, width: 2, inputs: 96, outputs: 64),
    Row(images: 1, height: 3, width: 5, inputs: 65, outputs: 70, hasBias: false),
    Row(images: 5, height: 7, width: 9, inputs: 17, outputs: 33),
    Row(images: 2, height: 13, width: 4, inputs: 3, outputs: 130),
    Row(images: 30, height: 16, width: 16), Row(images: 1, height: 4, width: 4, inputs: 256),
  ]

  /// Tiles and lanes that this processor can run.
  static func kernels() throws -> [(outputs: Int, lanes: Int)] {
    let widest = try lanes()
    return [8, 16].filter { $0 <= widest }.flatMap { lanes in [2, 4].map { ($0, lanes) } }
  }
  static func lanes() throws -> Int {
    guard case .int(let lanes) = try Operator("spikeguard::winograd_lanes").results()[0] else {
      Issue.record("expected a number")
      return 0
    }
    return lanes
  }
  static func chosen(_ x: Tensor, _ weight: Tensor, stride: Int = 1, padding: Int = 1) throws -> Int
  {
    let results = try Operator("spikeguard::winograd_outputs")
      .results(x, weight, [stride, stride], [padding, padding])
    guard case .int(let outputs) = results[0] else {
      Issue.record("expected a number")
      return -1
    }
    return outputs
  }

  /// Largest difference, relative to the largest value.
  static func error(_ found: Tensor, _ expected: Tensor) -> Double {
    let difference = (found.converted(to: .float64) - expected).magnitude().max().item()
    return difference / max(expected.magnitude().max().item(), 1e-30)
  }

  static func direct(_ row: Row) throws -> (y: Tensor, gx: Tensor, gw: Tensor) {
    let operands = row.operands(dtype: .float64)
    let direction = row.direction().converted(to: .float64)
    let y = try Operator("conv2d")(
      operands[0], operands[1], row.hasBias ? operands[2] : nil, [1, 1], [1, 1])
    let gradients = try Operator("convolution_backward").results(
      direction, operands[0], operands[1], [Int]?.none, [1, 1], [1, 1], [1, 1], false, [0, 0], 1,
      [true, true, false])
    return (y, gradients[0].tensor, gradients[1].tensor)
  }

  @Test(arguments: rows) func `every kernel agrees with the direct sum in float64`(row: Row) throws
  {
    let expected = try Self.direct(row)
    let operands = row.operands()
    let bias = row.hasBias ? operands[2] : nil
    for (outputs, lanes) in try Self.kernels() {
      let y = try Operator("spikeguard::winograd")(
        operands[0], operands[1], bias, outputs, lanes)
      let gradients = try Operator("spikeguard::winograd_backward")
        .results(row.direction(), operands[0], operands[1], outputs, lanes, [true, true])
      #expect(Self.error(y, expected.y) < 5e-6, "values, \(outputs) outputs, \(lanes) lanes")
      #expect(
        Self.error(gradients[0].tensor, expected.gx) < 5e-6,
        "towards x, \(outputs) outputs, \(lanes) lanes")
      #expect(
        Self.error(gradients[1].tensor, expected.gw) < 5e-6,
        "towards the weight, \(outputs) outputs, \(lanes) lanes")
    }
  }

  @Test(arguments: [Row(), Row(images: 3, height: 5, width: 7, inputs: 64, outputs: 96)])
  func `conv2d uses them, with derivatives of the second order too`(row: Row) throws {
    func derivatives(_ dtype: DType) -> [Tensor] {
      let operands = row.operands(dtype: dtype).map { $0.detached().requiringGradient() }
      let y = operands[0].conv2d(operands[1], bias: operands[2], padding: 1)
      let direction = row.direction().converted(to: dtype)
      // The square makes the second derivative depend on values.
      let first = (y * y * direction).sum().gradients(of: operands, createGraph: true)
      let sums = zip(first, [5, 6, 7] as [UInt64]).map { gradient, seed in
        (gradient * randomTensor(gradient.shape, seed: seed).converted(to: dtype)).sum()
      }
      return [y] + first + (sums[0] + sums[1] + sums[2]).gradients(of: operands)
    }
    let operands = row.operands()
    try #expect(Self.chosen(operands[0], operands[1]) == (Self.lanes() > 0 ? 4 : 0))
    for (found, expected) in zip(derivatives(.float32), derivatives(.float64)) {
      #expect(Self.error(found, expected) < 2e-5)
    }
  }

  /// Its bits are the chosen kernel's, which are not the engine's.
  @Test(arguments: [rows[0], Row(images: 3, height: 2, width: 2, inputs: 96)])
  func `conv2d's values and gradients are those of the chosen kernel`(row: Row) throws {
    let lanes = try Self.lanes()
    guard lanes > 0 else { return }
    let operands = row.operands().map { $0.requiringGradient() }
    let (x, weight) = (operands[0].detached(), operands[1].detached())
    let y = operands[0].conv2d(operands[1], bias: operands[2], padding: 1)
    let found =
      try [y]
      + vectorJacobianProduct(
        outputs: [y], inputs: Array(operands[0...1]), vectors: [row.direction()])
    let outputs = try Self.chosen(x, weight)
    let values = try Operator("spikeguard::winograd")(
      x, weight, operands[2].detached(), outputs, lanes)
    let gradients = try Operator("spikeguard::winograd_backward")
      .results(row.direction(), x, weight, outputs, lanes, [true, true])
    for (a, b) in zip(found, [values] + gradients.map(\.tensor)) { #expect(a.isIdentical(to: b)) }
    let engine = try Operator("conv2d")(x, weight, operands[2].detached(), [1, 1], [1, 1])
    #expect(!y.isIdentical(to: engine))
    // One gradient alone is the same.
    for wanted in [[true, false], [false, true]] {
      let alone = try Operator("spikeguard::winograd_backward")
        .results(row.direction(), x, weight, outputs, lanes, wanted)
      let place = wanted[0] ? 0 : 1
      #expect(alone[place].tensor.isIdentical(to: gradients[place].tensor))
    }
  }

  @Test func `the engine keeps what short convolutions cannot or should not do`() throws {
    let (x, weight) = (Row().operands()[0], Row().operands()[1])
    let widest = try Self.lanes()
    try #expect(Self.chosen(x, weight) == (widest > 0 ? 4 : 0))
    try #expect(Self.chosen(x, weight, stride: 2) == 0)
    try #expect(Self.chosen(x, weight, padding: 0) == 0)
    try #expect(Self.chosen(x.contiguous(), weight) == 0, "channels not last in memory")
    let wide = (x.converted(to: .float64), weight.converted(to: .float64))
    try #expect(Self.chosen(wide.0, wide.1) == 0, "float64")
    let few = Row(inputs: 63).operands()
    try #expect(Self.chosen(few[0], few[1]) == 0, "few channels")
    let pixel = Row(height: 1, width: 1).operands()
    try #expect(Self.chosen(pixel[0], pixel[1]) == 0, "one pixel")
    let small = Row(height: 2, width: 2).operands()
    try #expect(Self.chosen(small[0], small[1]) == (widest > 0 ? 2 : 0))
  }

  @Test func `the number of threads changes no bit`() throws {
    let before = Engine.threads
    defer { Engine.threads = before }
    for row in [Self.rows[6], Row(images: 9, height: 2, width: 2, inputs: 96, outputs: 160)] {
      let operands = row.operands()
      func results() throws -> [Tensor] {
        let leaves = operands.map { $0.detached().requiringGradient() }
        let y = leaves[0].conv2d(leaves[1], bias: leaves[2], padding: 1)
        return try [y]
          + vectorJacobianProduct(outputs: [y], inputs: leaves, vectors: [row.direction()])
      }
      Engine.threads = 1
      let one = try results()
      for count in [2, 3, 7] {
        Engine.threads = count
        for (found, expected) in zip(try results(), one) {
          #expect(found.isIdentical(to: expected), "\(row), \(count) threads")
        }
      }
    }
  }

  /// Attacks drop the images that they are done with; what is left must not change by that.
  @Test(arguments: [Row(images: 30, height: 16, width: 16), Row(images: 30, height: 2, width: 2)])
  func `an image's result is the same bits in every batch`(row: Row) throws {
    let operands = row.operands()
    func convolved(_ x: Tensor) -> Tensor { x.conv2d(operands[1], bias: operands[2], padding: 1) }
    let whole = convolved(operands[0])
    for image in [0, 17, 29] {
      let alone = operands[0][image..<image + 1].contiguous(.channelsLast)
      #expect(convolved(alone).isIdentical(to: whole[image..<image + 1]))
    }
  }

  /// In the tiles around it, and nowhere else.
  @Test func `what is not finite stays visible, in its image`() throws {
    let operands = Row().operands()
    for value in [Float.nan, .infinity] {
      let x = operands[0].copied()
      x[1][5][2][3].copyInPlace(from: Tensor(value))
      let leaves = [x.requiringGradient(), operands[1].requiringGradient()]
      let y = leaves[0].conv2d(leaves[1], padding: 1)
      #expect(y[0].isFinite().allTrue())
      // Tiles of 4 × 4: those whose window of 6 × 6 holds the pixel are the upper two.
      #expect(!y[1][17][2][3].item().isFinite)
      #expect(y[1].slicing(4..<8, along: 1).isFinite().allTrue())
      let direction = Row().direction()
      let towardsWeight = try vectorJacobianProduct(
        outputs: [y], inputs: [leaves[1]], vectors: [direction])[0]
      #expect(
        !towardsWeight[9][5][1][1].item().isFinite && towardsWeight[9][6].isFinite().allTrue())
      direction[0][7][6][6].copyInPlace(from: Tensor(value))
      let clean = operands[0].requiringGradient()
      let towardsX = try vectorJacobianProduct(
        outputs: [clean.conv2d(operands[1], padding: 1)], inputs: [clean], vectors: [direction])[0]
      #expect(!towardsX[0][3][6][6].item().isFinite && towardsX[1].isFinite().allTrue())
    }
  }

  @Test func `wrong arguments are refused`() throws {
    let operands = Row().operands()
    func message(_ bias: Tensor) -> String {
      do {
        _ = try Operator("spikeguard::conv2d")(
          operands[0], operands[1], bias, [1, 1], [1, 1], [1, 1], 1)
        return "taken"
      } catch { return "\(error)" }
    }
    #expect(message(Tensor.ones([64])) == "taken")
    #expect(message(Tensor.ones([1])).contains("bias"))
    #expect(message(Tensor.ones([65])).contains("bias"))
    #expect(message(Tensor.ones([64, 1])).contains("bias"))
    #expect(throws: TorchError.self) {
      try Operator("spikeguard::winograd")(operands[0], operands[1], Tensor.ones([1]), 2, 8)
    }
    for (images, channels) in [(0, 64), (1, 0)] {
      let x = Tensor.ones([images, channels, 4, 4]), weight = Tensor.ones([64, channels, 3, 3])
      #expect(throws: TorchError.self) {
        try Operator("spikeguard::winograd")(x, weight, Tensor?.none, 2, 8)
      }
      #expect(throws: TorchError.self) {
        try Operator("spikeguard::winograd_backward").results(
          Tensor.ones([images, 64, 4, 4]), x, weight, 2, 8, [true, true])
      }
    }
    #expect(throws: TorchError.self) {
      try Operator("spikeguard::winograd")(operands[0], operands[1], Tensor?.none, 3, 8)
    }
    #expect(throws: TorchError.self) {
      try Operator("spikeguard::winograd")(operands[0], operands[1], Tensor?.none, 2, 4)
    }
    #expect(throws: TorchError.self) {
      try Operator("spikeguard::winograd")(
        operands[0].converted(to: .float64), operands[1], Tensor?.none, 2, 8)
    }
  }
}
