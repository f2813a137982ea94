/// A mean of shares, one for each image, with an interval over images.
///
/// Of a random classifier the share is that of an image's passes which are right. A share in [0, 1] varies no more than
/// a draw of 0 or 1 with the same mean, so Wilson's 95 % bounds for as many images as there are hold it, and are wider
/// than they need be. They are about drawing the images, not about more passes.
public struct MeanShare: Codable, Equatable, Sendable {
  public let mean: Double
  /// Bounds of the mean over all images that could have been drawn, 0 ... 1.
  public let lower: Double
  public let upper: Double
  public let images: Int

  /// Of no images: 0 in [0, 1].
  ///
  /// - Precondition: shares in [0, 1].
  public init(of shares: [Double]) {
    images = shares.count
    let sum = shares.reduce(0, +)
    mean = shares.isEmpty ? 0 : sum / Double(shares.count)
    (lower, upper) = BinomialInterval.wilsonBounds(successes: sum, trials: shares.count)
  }
}
