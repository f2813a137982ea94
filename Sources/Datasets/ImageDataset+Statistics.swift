extension ImageDataset {
  /// How many images each class has, in the order of ``classNames``.
  public var classCounts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[$1] += 1 }
  }

  /// Mean and standard deviation of all pixels of each channel, in [0, 1], over the whole data set; the
  /// deviation's sum of squares is divided by the number of pixels.
  ///
  /// Bytes are summed as integers, without rounding; floats in float64, in two passes.
  public var pixelStatistics: [(mean: Double, deviation: Double)] {
    let plane = shape.height * shape.width
    return (0..<shape.channels).map { channel in
      let starts = (0..<count).map { ($0 * shape.channels + channel) * plane }
      return switch pixels {
      case .bytes(let values): Self.statistics(values, starts, plane)
      case .floats(let values): Self.statistics(values, starts, plane)
      }
    }
  }

  /// `σ² = (n Σx² − (Σx)²) / n²`
  private static func statistics(
    _ values: [UInt8], _ starts: [Int], _ plane: Int
  ) -> (mean: Double, deviation: Double) {
    var (sum, squares) = (0, 0)
    for start in starts {
      for value in values[start..<start + plane] {
        sum += Int(value)
        squares += Int(value) * Int(value)
      }
    }
    let count = starts.count * plane
    // n Σx² of CIFAR is beyond 64 bits.
    let spread = Int128(count) * Int128(squares) - Int128(sum) * Int128(sum)
    return (
      Double(sum) / Double(count) / 255, Double(spread).squareRoot() / Double(count) / 255
    )
  }

  private static func statistics(
    _ values: [Float], _ starts: [Int], _ plane: Int
  ) -> (mean: Double, deviation: Double) {
    let count = Double(starts.count * plane)
    func total(_ term: (Double) -> Double) -> Double {
      starts.reduce(0) { sum, start in
        values[start..<start + plane].reduce(sum) { $0 + term(Double($1)) }
      }
    }
    let mean = total { $0 } / count
    return (mean, (total { ($0 - mean) * ($0 - mean) } / count).squareRoot())
  }
}
