import Torch

/// Matrix products A · B of float32.
enum MatrixProductYardstick {
  static func best(quick: Bool) throws -> [Ceilings.Arithmetic] {
    let generator = Generator(seed: 1)
    // Rows, inner extent, columns.
    let large = quick ? [[2048, 2048, 2048]] : [[2048, 2048, 2048], [3072, 3072, 3072]]
    let narrow = [128, 512, 2048, 8192].map { [512, 512, $0] }
    let products = ([[256, 256, 256]] + narrow + large).map { extents -> Ceilings.Arithmetic in
      let a = Tensor.normal([extents[0], extents[1]], using: generator)
      let b = Tensor.normal([extents[1], extents[2]], using: generator)
      let operations = 2 * extents.reduce(1.0) { $0 * Double($1) }
      // A product of microseconds is timed with others, else the clock would count.
      let calls = max(1, Int(5e8 / operations))
      let seconds = leastTime(seconds: quick ? 0.1 : 0.4) {
        for _ in 0..<calls { _ = a.matmul(b) }
      }
      return .init(
        name: "matrix product", shape: extents.map(String.init).joined(separator: " × "),
        threads: Engine.threads, operationsPerSecond: operations * Double(calls) / seconds)
    }
    return products + (try byConvolution(quick: quick))
  }

  /// The same product by the engine's other library, which has no entry of its own for it: a 1 × 1
  /// convolution.
  ///
  ///     C[m, n] = Σ A[m, k] B[k, n]: pixels m, channels k, outputs n
  private static func byConvolution(quick: Bool) throws -> [Ceilings.Arithmetic] {
    let generator = Generator(seed: 1)
    return try [[512, 512, 512], [2048, 2048, 2048]].map { extents in
      let a = Tensor.normal([1, extents[1], extents[0], 1], using: generator)
        .contiguous(.channelsLast)
      let b = Tensor.normal([extents[2], extents[1], 1, 1], using: generator)
      let convolve = try Operator("aten::conv2d")
      let seconds = try leastTime(seconds: quick ? 0.1 : 0.4) {
        _ = try convolve(a, b, Tensor?.none, [1, 1], [0, 0], [1, 1], 1)
      }
      return .init(
        name: "1 × 1 convolution", shape: extents.map(String.init).joined(separator: " × "),
        threads: Engine.threads,
        operationsPerSecond: 2 * extents.reduce(1.0) { $0 * Double($1) } / seconds)
    }
  }
}

/// The engine's own 3 × 3 convolutions in channels-last, each direction at its best shape.
enum ConvolutionYardstick {
  /// By their full names: `conv2d` of module Torch may choose another algorithm.
  private static let names = ["convolution, forward", "towards the input", "towards the weight"]

  static func best(quick: Bool) throws -> [Ceilings.Arithmetic] {
    let generator = Generator(seed: 1)
    // Images, channels in, channels out, height and width: a VGG's, and squarer ones.
    let shapes = [
      [64, 128, 128, 16], [64, 256, 256, 8], [128, 256, 512, 4], [128, 512, 512, 2],
      [32, 64, 128, 32], [32, 256, 256, 16], [32, 512, 512, 8],
    ]
    var best = [Ceilings.Arithmetic?](repeating: nil, count: names.count)
    for s in quick ? Array(shapes.suffix(3)) : shapes {
      let x = Tensor.normal([s[0], s[1], s[3], s[3]], using: generator).contiguous(.channelsLast)
      let w = Tensor.normal([s[2], s[1], 3, 3], using: generator).contiguous(.channelsLast)
      let g = Tensor.normal([s[0], s[2], s[3], s[3]], using: generator).contiguous(.channelsLast)
      // With the padding's zeros, which this program multiplies: a ceiling may not be too low.
      let operations = ConvolutionWork(input: x.shape, weight: w.shape).paddedOperations
      for (index, name) in names.enumerated() {
        let seconds = try leastTime(seconds: quick ? 0.1 : 0.2) {
          _ = try run(index, x, w, g)
        }
        let rate = operations / seconds
        guard rate > best[index]?.operationsPerSecond ?? 0 else { continue }
        best[index] = .init(
          name: name, shape: "\(s[2]) ← \(s[1]), \(s[3]) × \(s[3]), N = \(s[0])",
          threads: Engine.threads, operationsPerSecond: rate)
      }
    }
    return best.map { $0! }
  }

  private static func run(_ direction: Int, _ x: Tensor, _ w: Tensor, _ g: Tensor) throws {
    if direction == 0 {
      _ = try Operator("aten::conv2d")(x, w, Tensor?.none, [1, 1], [1, 1], [1, 1], 1)
    } else {
      _ = try Operator("aten::convolution_backward").results(
        g, x, w, [w.size(0)], [1, 1], [1, 1], [1, 1], false, [0, 0], 1,
        [direction == 1, direction == 2, false])
    }
  }
}

/// Copies and reads of memory that lies in the second-level cache, in the third-level one, and in
/// neither.
enum TrafficYardstick {
  static func all(quick: Bool) throws -> [Ceilings.Traffic] {
    let mebibyte = 1_048_576
    let sizes = [
      mebibyte / 2, mebibyte, 8 * mebibyte, 64 * mebibyte, (quick ? 256 : 1024) * mebibyte,
    ]
    return sizes.flatMap { size in
      Ceilings.Traffic.Kind.allCases.map { kind in
        .init(
          kind: kind, bytes: size, threads: Engine.threads,
          bytesPerSecond: rate(kind, size, seconds: quick ? 0.1 : 0.3))
      }
    }
  }

  private static func rate(_ kind: Ceilings.Traffic.Kind, _ bytes: Int, seconds: Double) -> Double {
    let calls = max(1, 67_108_864 / bytes)
    let time: Double
    switch kind {
    case .copy:
      let source = Tensor.ones([bytes / 8])
      let target = Tensor.zeros([bytes / 8])
      time = leastTime(seconds: seconds) {
        for _ in 0..<calls { target.copyInPlace(from: source) }
      }
    case .read:
      let source = Tensor.ones([bytes / 4])
      time = leastTime(seconds: seconds) { for _ in 0..<calls { _ = source.sum() } }
    }
    return Double(bytes * calls) / time
  }
}
