/// How CIFAR's binary files are made up: records of label bytes and a 32×32 image.
///
/// An image is 1024 bytes of red, 1024 of green, 1024 of blue, each row by row: `[3, 32, 32]`, as everything
/// here. There is no header, so a file's length is all that tells whether it is whole.
/// Reference: https://www.cs.toronto.edu/~kriz/cifar.html.
public struct CIFARLayout: Hashable, Sendable {
  /// Bytes before each image.
  public let labelCount: Int
  /// Which of them is the class: CIFAR-100 has the superclass first, then the class.
  public let labelIndex: Int
  public let classes: Int

  /// One label byte, 10 classes.
  public static let ten = CIFARLayout(labelCount: 1, labelIndex: 0, classes: 10)
  /// The superclass (20), then the class (100), which is what is read.
  public static let hundred = CIFARLayout(labelCount: 2, labelIndex: 1, classes: 100)

  public static let shape = ImageDataset.Shape(channels: 3, height: 32, width: 32)

  /// Bytes of a record.
  public var recordByteCount: Int { labelCount + Self.shape.count }
}
