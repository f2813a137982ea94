/// A random change of a training image that keeps its class and keeps its pixels in [0, 1].
///
/// Drawn anew for each (seed, epoch, sample), and for nothing else: batch size, prefetching and threads do
/// not change what a sample gets.
public enum Augmentation: Hashable, Sendable, Codable {
  /// The image is framed by `padding` zeros on each side, and one of the `(2·padding + 1)²` windows of its
  /// own size is cut out, each as likely.
  case randomCrop(padding: Int)
  /// Left and right change places with probability ½.
  case randomFlip
  /// A random rectangle is filled with a random value.
  case cutout(Cutout)

  /// CIFAR's in the authors' release, in its order: crop with 4 pixels of padding, cutout, flip.
  public static let releasedForCIFAR: [Augmentation] = [
    .randomCrop(padding: 4), .cutout(.released), .randomFlip,
  ]

  /// Changes the image in place, `shape.count` pixels, channel after channel.
  func apply(
    to image: UnsafeMutableBufferPointer<Float>, shape: ImageDataset.Shape,
    using random: inout SplitMix64
  ) {
    switch self {
    case .randomCrop(let padding):
      let down = random.below(2 * padding + 1) - padding
      let right = random.below(2 * padding + 1) - padding
      for channel in Self.planes(of: image, shape) {
        Self.shift(channel, shape, down: down, right: right)
      }
    case .randomFlip:
      guard random.below(2) == 1 else { return }
      for row in stride(from: 0, to: image.count, by: shape.width) {
        var pixels = image[row..<row + shape.width]
        pixels.reverse()
      }
    case .cutout(let cutout): cutout.apply(to: image, shape: shape, using: &random)
    }
  }

  private static func planes(
    of image: UnsafeMutableBufferPointer<Float>, _ shape: ImageDataset.Shape
  ) -> some Sequence<UnsafeMutableBufferPointer<Float>> {
    let plane = shape.height * shape.width
    return (0..<shape.channels).lazy.map {
      UnsafeMutableBufferPointer(rebasing: image[$0 * plane..<($0 + 1) * plane])
    }
  }

  /// `plane[y, x] = plane[y + down, x + right]`, zero where that is outside.
  ///
  /// In place: rows are visited in the order in which none is overwritten before it is read.
  private static func shift(
    _ plane: UnsafeMutableBufferPointer<Float>, _ shape: ImageDataset.Shape, down: Int, right: Int
  ) {
    let (height, width) = (shape.height, shape.width)
    let kept = max(0, width - abs(right))  // columns that stay inside
    for step in 0..<height {
      let y = down >= 0 ? step : height - 1 - step
      let row = plane.baseAddress! + y * width
      guard (0..<height).contains(y + down), kept > 0 else {
        row.update(repeating: 0, count: width)
        continue
      }
      let source = plane.baseAddress! + (y + down) * width
      let left = max(0, -right)  // where the kept columns go
      (row + left).update(from: source + max(0, right), count: kept)
      row.update(repeating: 0, count: left)
      (row + left + kept).update(repeating: 0, count: width - left - kept)
    }
  }
}
