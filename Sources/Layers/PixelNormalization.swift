import Torch

/// `(x − mean) / deviation` for each channel, as the network's first layer.
///
/// It sits inside the network so that images stay in [0, 1] everywhere else, and an attack's ε is in pixels.
public struct PixelNormalization: Sendable, Equatable, Codable {
  public let mean: [Double]
  public let standardDeviation: [Double]

  /// - Precondition: both have one entry a channel, and no deviation is 0 or negative.
  public init(mean: [Double], standardDeviation: [Double]) {
    precondition(mean.count == standardDeviation.count && standardDeviation.allSatisfy { $0 > 0 })
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// Leaves the pixels as they are.
  public static func identity(channels: Int) -> PixelNormalization {
    PixelNormalization(
      mean: .init(repeating: 0, count: channels),
      standardDeviation: .init(repeating: 1, count: channels))
  }

  public static let fashionMNIST = PixelNormalization(mean: [0.2860], standardDeviation: [0.3530])
  public static let mnist = PixelNormalization(mean: [0.1307], standardDeviation: [0.3081])
  public static let cifar10 = PixelNormalization(
    mean: [0.4914, 0.4822, 0.4465], standardDeviation: [0.2023, 0.1994, 0.2010])

  /// `[N, C, H, W]` → `[N, C, H, W]`
  public func callAsFunction(_ images: Tensor) -> Tensor {
    let channels = [mean.count, 1, 1]
    let mean = Tensor(self.mean, shape: channels).converted(to: images.dtype)
    let deviation = Tensor(standardDeviation, shape: channels).converted(to: images.dtype)
    return (images - mean.moved(to: images.device)) / deviation.moved(to: images.device)
  }
}
