import Torch

/// Short convolutions against the engine's direct sum, layer by layer and direction by direction: what the choice in
/// CTorch (Winograd/ConvolutionChoice) rests on.
enum ConvolutionCase: BenchmarkCase {
  static let name = "convolution"
  static let abstract = "Winograd's convolutions against the engine's, by layer and direction."

  static func run(_ session: inout Session) throws {
    let images = session.quick ? 32 : 128
    say(
      "\nConvolutions 3 × 3 of \(images) images (T · B), float32, channels-last; milliseconds, and direct-equivalent GFLOP/s "
        + "of what conv2d chooses")
    var rows = [
      [
        "layer", "direction", "engine", "2 × 2", "4 × 4", "chosen", "GFLOP/s", "ratio", "error",
        "engine's",
      ]
    ]
    for layer in try ConvolutionLayer.all(images: images) {
      for (direction, comparison) in try layer.compare(session) {
        session.record.comparisons.append(comparison)
        rows.append(layer.row(direction, comparison))
      }
    }
    for line in aligned(rows) { say("  " + line) }
    say(
      "  Median (min – max). 2 × 2, 4 × 4: outputs of a tile. ratio: the engine's time to the chosen one's. error: largest "
        + "difference from float64, relative to the largest number, of the chosen one and of the engine; allowed "
        + "\(scientific(ConvolutionLayer.tolerance)).")
  }
}

/// One convolution with padding 1, the spikes that it gets and the gradient that comes back.
private struct ConvolutionLayer {
  enum Direction: String, CaseIterable {
    case forward
    case towardsInput = "towards input"
    case towardsWeight = "towards weight"
  }

  static let tolerance = 1e-5

  let name: String
  let x: Tensor
  let weight: Tensor
  /// The engine's favourite order in memory, else it would copy the weight in every call.
  let weightLast: Tensor
  let gradient: Tensor
  /// The tile that conv2d uses, 0 for the engine.
  let chosen: Int

  /// VGG-11's layers on 32 × 32 pixels but the first, and small ones around the smallest size that is chosen.
  static func all(images: Int) throws -> [Self] {
    try [
      (16, 64, 128), (8, 128, 256), (8, 256, 256), (4, 256, 512), (4, 512, 512), (2, 512, 512),
      (14, 16, 32), (14, 32, 32), (14, 64, 64), (7, 128, 128),
    ].map { try Self(images: images, side: $0, from: $1, to: $2) }
  }

  init(images: Int, side: Int, from inputs: Int, to outputs: Int) throws {
    name = "\(inputs) → \(outputs), \(side) × \(side)"
    let generator = Generator(seed: 1)
    // Spikes: of every seven numbers one is 1.
    x = (Tensor.uniform([images, inputs, side, side], using: generator) .< (1.0 / 7))
      .converted(to: .float32).contiguous(.channelsLast)
    weight = Tensor.normal([outputs, inputs, 3, 3], using: generator)
    weightLast = weight.contiguous(.channelsLast)
    gradient = Tensor.normal([images, outputs, side, side], using: generator)
      .contiguous(.channelsLast)
    guard
      case .int(let outputsOfTile) = try Operator("spikeguard::winograd_outputs")
        .results(x, weight, [1, 1], [1, 1])[0]
    else { fatalError("expected a number") }
    chosen = outputsOfTile
  }

  /// Each result alone, as an attack or a first layer asks for it.
  private func engine(_ direction: Direction, _ dtype: DType = .float32) throws -> Tensor {
    let (x, weight, gradient) = (
      x.converted(to: dtype), weightLast.converted(to: dtype), gradient.converted(to: dtype)
    )
    guard direction != .forward else {
      return try Operator("conv2d")(x, weight, Tensor?.none, [1, 1], [1, 1])
    }
    let isInput = direction == .towardsInput
    return try Operator("convolution_backward").results(
      gradient, x, weight, [Int]?.none, [1, 1], [1, 1], [1, 1], false, [0, 0], 1,
      [isInput, !isInput, false])[isInput ? 0 : 1].tensor
  }

  private func short(_ direction: Direction, tile: Int) throws -> Tensor {
    guard direction != .forward else {
      return try Operator("spikeguard::winograd")(x, weight, Tensor?.none, tile, Self.lanes())
    }
    let isInput = direction == .towardsInput
    return try Operator("spikeguard::winograd_backward").results(
      gradient, x, weight, tile, Self.lanes(), [isInput, !isInput])[isInput ? 0 : 1].tensor
  }

  private static func lanes() throws -> Int {
    guard case .int(let lanes) = try Operator("spikeguard::winograd_lanes").results()[0] else {
      fatalError("expected a number")
    }
    return lanes
  }

  func compare(_ session: Session) throws -> [(Direction, Comparison)] {
    let tiles = try Self.lanes() > 0 ? [2, 4] : []
    return try Direction.allCases.map { direction in
      let exact = try engine(direction, .float64)
      func error(_ found: Tensor) -> Double {
        found.largestDifference(from: exact) / exact.largestMagnitude
      }
      var agreements = [
        try Agreement(
          "\(name), the engine", error: error(engine(direction)), tolerance: Self.tolerance)
      ]
      for tile in tiles {
        agreements.append(
          try Agreement(
            "\(name), tiles of \(tile) × \(tile)", error: error(short(direction, tile: tile)),
            tolerance: Self.tolerance))
      }
      let comparison = try Comparison.measure(
        "Convolution \(name), \(direction.rawValue)", .milliseconds, agreements,
        [Contestant("engine") { _ = try engine(direction) }]
          + tiles.map { tile in
            Contestant("tiles of \(tile) × \(tile)") { _ = try short(direction, tile: tile) }
          },
        rounds: session.rounds(9, quick: 5))
      return (direction, comparison)
    }
  }

  func row(_ direction: Direction, _ comparison: Comparison) -> [String] {
    let index = chosen / 2  // of the sides: the engine, 2 × 2, 4 × 4
    let side = comparison.sides[index]
    let flops = 2 * 9 * Double(weight.size(0) * weight.size(1) * x.size(0) * x.size(2) * x.size(3))
    let times = comparison.sides.map { comparison.time(of: $0) }
    return [name, direction.rawValue] + times
      + Array(repeating: "–", count: 3 - times.count)
      + [
        chosen == 0 ? "engine" : "\(chosen) × \(chosen)",
        formatted(flops / side.samples.median * 1e-9, 3),
        formatted(comparison.sides[0].samples.median / side.samples.median, 3),
        scientific(comparison.agreements[index].error), scientific(comparison.agreements[0].error),
      ]
  }
}
