extension TensorBoardHistogram {
  private static let bucketCount = 64

  /// Buckets of equal width from the least to the largest value; each holds its upper limit, and the first
  /// the least value, too. TensorBoard takes `min` for the first bucket's lower limit.
  ///
  /// Nil for no values.
  ///
  /// - Precondition: all are finite.
  init?(of values: [Double]) {
    guard let least = values.min(), let largest = values.max() else { return nil }
    // Halves, so that the width of everything that a Double can hold does not overflow.
    let halfWidth = largest / 2 - least / 2
    let count = halfWidth > 0 ? Self.bucketCount : 1
    let limits = (1...count).map { index in
      let share = Double(index) / Double(count)
      return index == count ? largest : least + halfWidth * share + halfWidth * share
    }
    var counts = [Double](repeating: 0, count: count)
    for value in values {
      // The first limit that is not below; rounding may have moved limits together, so search.
      var (low, high) = (0, count - 1)
      while low < high {
        let middle = (low + high) / 2
        if limits[middle] < value { low = middle + 1 } else { high = middle }
      }
      counts[low] += 1
    }
    self.init()
    min = least
    max = largest
    num = Double(values.count)
    sum = values.reduce(0, +)
    sumSquares = values.reduce(0) { $0 + $1 * $1 }
    bucketLimit = limits
    bucket = counts
  }
}
