extension ImageDataset {
  /// How many images each class has, in the order of ``classNames``.
  public var classCounts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classes)) { $0[$1] += 1 }
  }

  /// Mean and standard deviation of all pixels of each channel, in [0, 1], over the whole data set:
  /// `σ² = E[x²] − E[x]²`, dividing by the number of pixels.
  ///
  /// Bytes are summed as integers, without rounding; floats in float64.
  public var pixelStatistics: [(mean: Double, deviation: Double)] {
    let plane = shape.height * shape.width
    return (0..<shape.channels).map { channel in
      let (sum, squares) = pixels.sums(count, plane: plane, at: channel, of: shape.channels)
      let pixels = Double(count * plane)
      let mean = sum / pixels
      return (mean, max(0, squares / pixels - mean * mean).squareRoot())
    }
  }
}

extension Pixels {
  /// Sum and sum of squares of one channel's pixels.
  fileprivate func sums(
    _ count: Int, plane: Int, at channel: Int, of channels: Int
  ) -> (Double, Double) {
    let starts = (0..<count).lazy.map { ($0 * channels + channel) * plane }
    switch self {
    case .bytes(let values):
      var (sum, squares) = (0, 0)
      for start in starts {
        for value in values[start..<start + plane] {
          sum += Int(value)
          squares += Int(value) * Int(value)
        }
      }
      return (Double(sum) / 255, Double(squares) / (255 * 255))
    case .floats(let values):
      var (sum, squares) = (0.0, 0.0)
      for start in starts {
        for value in values[start..<start + plane] {
          sum += Double(value)
          squares += Double(value) * Double(value)
        }
      }
      return (sum, squares)
    }
  }
}
