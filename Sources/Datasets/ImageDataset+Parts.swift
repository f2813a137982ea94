extension ImageDataset {
  /// The images at these places, in the order given; a place may be named more than once. Names of all
  /// classes are kept, and so are the data set's name and split.
  ///
  /// - Precondition: at least one index, each below ``count``.
  public func selecting(_ indices: some Collection<Int>) -> ImageDataset {
    precondition(!indices.isEmpty, "selecting: a data set has at least one image")
    precondition(
      indices.allSatisfy(labels.indices.contains), "selecting: an index is not below \(count)")
    return ImageDataset(
      name: name, split: split, shape: shape,
      pixels: pixels.selecting(indices, groupedBy: shape.count), labels: indices.map { labels[$0] },
      classNames: classNames)
  }

  /// Two parts without an image in common: `count` random ones to validate on, the others to train on, both
  /// in the data set's order.
  ///
  /// Which ones depends on the seed, `count` and the data set's size, and on nothing else: a run that is
  /// resumed holds out the same.
  ///
  /// - Precondition: at least one image remains in each part.
  public func split(
    validationCount: Int, seed: UInt64
  ) -> (training: ImageDataset, validation: ImageDataset) {
    precondition(
      (1..<count).contains(validationCount),
      "split: \(validationCount) of \(count) images leave none in one of the parts")
    var random = SplitMix64(seed: seed, key: Self.splitPurpose)
    let order = random.permutation(count)
    return (
      selecting(order.dropFirst(validationCount).sorted()),
      selecting(order.prefix(validationCount).sorted())
    )
  }

  /// Keeps the numbers apart from those of a loader with the same seed.
  private static let splitPurpose: UInt64 = 0x73706c6974  // "split"
}

extension Pixels {
  /// The groups of `size` pixels at these places, one after another.
  fileprivate func selecting(_ groups: some Collection<Int>, groupedBy size: Int) -> Pixels {
    func pick<Value>(_ values: [Value]) -> [Value] {
      var result: [Value] = []
      result.reserveCapacity(groups.count * size)
      for group in groups { result += values[group * size..<(group + 1) * size] }
      return result
    }
    return switch self {
    case .bytes(let values): .bytes(pick(values))
    case .floats(let values): .floats(pick(values))
    }
  }
}
