import Torch

/// Labelled images of one size, whole in memory: what a loader draws batches from.
///
/// Pixels are handed out as float32 in [0, 1]; normalisation is the network's first layer. They are kept
/// as they came, one byte each or one float each.
public struct ImageDataset: Sendable {
  /// The part of a data set: what a network may learn from, and what it is measured on.
  public enum Split: String, Sendable, CaseIterable, Codable { case train, test }

  /// The extents of every image.
  public struct Shape: Hashable, Sendable {
    public let channels: Int
    public let height: Int
    public let width: Int

    public init(channels: Int, height: Int, width: Int) {
      self.channels = channels
      self.height = height
      self.width = width
    }
    /// Pixels of one image, all channels together.
    public var count: Int { channels * height * width }
  }

  public let name: String
  public let split: Split
  public let shape: Shape
  /// The class of each image, in `0 ..< classes`.
  public let labels: [Int]
  /// What the classes are called; `"0", "1", …` where the data do not say.
  public let classNames: [String]
  let pixels: Pixels

  /// How many images there are; at least one.
  public var count: Int { labels.count }
  public var classes: Int { classNames.count }

  /// - Precondition: pixels and labels are checked, and as many as there are images.
  init(
    name: String, split: Split, shape: Shape, pixels: Pixels, labels: [Int], classNames: [String]
  ) {
    precondition(pixels.count == labels.count * shape.count)
    self.name = name
    self.split = split
    self.shape = shape
    self.pixels = pixels
    self.labels = labels
    self.classNames = classNames
  }

  /// The images at these places, `[N, C, H, W]`, float32 in [0, 1]. A range will do.
  public func images(at indices: some Collection<Int>) -> Tensor {
    images(at: indices) { _, _ in }
  }

  /// The classes of the images at these places, `[N]`, int64.
  public func labels(at indices: some Collection<Int>) -> Tensor {
    Tensor(indices.map { labels[$0] })
  }

  /// The first `count` images, or all where there are fewer. Names of all classes are kept.
  ///
  /// - Precondition: `count` is at least 1.
  public func prefix(_ count: Int) -> ImageDataset {
    precondition(count >= 1, "prefix: a data set has at least one image, got a count of \(count)")
    guard count < self.count else { return self }
    return ImageDataset(
      name: name, split: split, shape: shape, pixels: pixels.prefix(count * shape.count),
      labels: Array(labels.prefix(count)), classNames: classNames)
  }

  /// The images at these places, each changed by `change(index, pixels)`.
  ///
  /// The only way by which pixels leave a data set.
  func images(
    at indices: some Collection<Int>,
    changedBy change: (Int, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> Tensor {
    let total = indices.count * shape.count
    let values = [Float](unsafeUninitializedCapacity: total) { buffer, filled in
      for index in indices {
        precondition(labels.indices.contains(index), "image \(index) of \(count)")
        let image = UnsafeMutableBufferPointer(rebasing: buffer[filled..<filled + shape.count])
        pixels.copy(from: index * shape.count, to: image)
        change(index, image)
        filled += shape.count
      }
    }
    return Tensor(values, shape: [indices.count, shape.channels, shape.height, shape.width])
  }
}

extension ImageDataset: CustomStringConvertible {
  public var description: String {
    "\(name) \(split.rawValue): \(count) images \(shape), \(classes) classes"
  }
}

extension ImageDataset.Shape: CustomStringConvertible {
  public var description: String { "\(channels)x\(height)x\(width)" }
}
