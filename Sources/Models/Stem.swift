/// How a residual network begins.
public enum Stem: String, Sendable, CaseIterable, Codable {
  /// A 3 × 3 convolution that keeps the size.
  case cifar
  /// A 7 × 7 convolution and a 3 × 3 pool, each of which halves the size.
  case imagenet

  /// ImageNet's stem from 128 × 128 pixels on, where it leaves the blocks 32 × 32 or more, CIFAR's size;
  /// CIFAR's stem below.
  public static func standard(imageSize: Int) -> Stem { imageSize >= 128 ? .imagenet : .cifar }

  /// How often it halves the image.
  var halvings: Int { self == .cifar ? 0 : 2 }
  var kernel: Int { self == .cifar ? 3 : 7 }
  var stride: Int { self == .cifar ? 1 : 2 }
}
