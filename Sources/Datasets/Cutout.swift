/// Fills a random rectangle of an image with a random value, known as random erasing.
///
/// With probability p: s ~ U(area), r ~ U(aspect), and a rectangle of `⌊√(s·H·W·r)⌋` rows and
/// `⌊√(s·H·W/r)⌋` columns, at most the image's, is filled at a uniform place at which it lies wholly inside. So
/// narrow ones are less likely than flat ones: r itself is uniform, not its logarithm.
/// Reference: Zhong et al. 2020 (arXiv 1708.04896) as torchtoolbox 0.1.8.2 has it under the name Cutout, which
/// is another thing than DeVries and Taylor's (arXiv 1708.04552). There the height and width of an image are
/// exchanged, which makes no difference for square ones, all that the release has.
public struct Cutout: Hashable, Sendable, Codable {
  /// What the rectangle is filled with; a level is one of 0/255 … 255/255.
  public enum Fill: String, Hashable, Sendable, Codable, CaseIterable {
    /// One random level in the first channel and 0 in the others. It is what an image library makes of one
    /// number for an RGB image, so the published runs were trained with rectangles of dark to bright red.
    case firstChannel
    /// One random level in every channel: a grey.
    case allChannels
    /// A random level for each pixel of each channel.
    case noise
  }

  /// In [0, 1].
  public let probability: Double
  /// The rectangle's share of the image, within [0, 1].
  public let area: ClosedRange<Double>
  /// Its height over its width, above 0.
  public let aspect: ClosedRange<Double>
  public let fill: Fill

  /// The settings of the authors' release: p = 0.5, 2 to 40 % of the image, aspect 0.4 to 2.5.
  public static let released = Cutout(
    probability: 0.5, area: 0.02...0.4, aspect: 0.4...2.5, fill: .firstChannel)

  /// - Precondition: all are in their ranges.
  public init(
    probability: Double, area: ClosedRange<Double>, aspect: ClosedRange<Double>,
    fill: Fill = .firstChannel
  ) {
    precondition(
      (0...1).contains(probability) && area.lowerBound >= 0 && area.upperBound <= 1
        && aspect.lowerBound > 0 && aspect.upperBound.isFinite,
      "Cutout: probability \(probability), area \(area), aspect \(aspect)")
    self.probability = probability
    self.area = area
    self.aspect = aspect
    self.fill = fill
  }

  /// A rectangle in an image.
  struct Rectangle: Equatable {
    let top: Int
    let left: Int
    let height: Int
    let width: Int
  }

  /// Draws, in this order: whether, area, aspect, left, top. Nil where the image stays as it is.
  func rectangle(
    in shape: ImageDataset.Shape, using random: inout SplitMix64
  ) -> Rectangle? {
    guard random.unit() < probability else { return nil }
    let share = random.uniform(in: area)
    let (height, width) = Self.sides(share: share, ratio: random.uniform(in: aspect), in: shape)
    let left = random.below(shape.width - width + 1)
    let top = random.below(shape.height - height + 1)
    return Rectangle(top: top, left: left, height: height, width: width)
  }

  static func sides(
    share: Double, ratio: Double, in shape: ImageDataset.Shape
  ) -> (height: Int, width: Int) {
    let pixels = share * Double(shape.height * shape.width)
    return (
      min(shape.height, Int((pixels * ratio).squareRoot())),
      min(shape.width, Int((pixels / ratio).squareRoot()))
    )
  }

  func apply(
    to image: UnsafeMutableBufferPointer<Float>, shape: ImageDataset.Shape,
    using random: inout SplitMix64
  ) {
    guard let hole = rectangle(in: shape, using: &random) else { return }
    let level = fill == .noise ? 0 : Self.level(&random)
    paint(hole, level: level, on: image, shape: shape, using: &random)
  }

  /// - Parameter level: in [0, 1]; noise draws its own.
  func paint(
    _ hole: Rectangle, level: Float, on image: UnsafeMutableBufferPointer<Float>,
    shape: ImageDataset.Shape, using random: inout SplitMix64
  ) {
    for channel in 0..<shape.channels {
      for y in hole.top..<hole.top + hole.height {
        let row = (channel * shape.height + y) * shape.width + hole.left
        for place in row..<row + hole.width {
          image[place] =
            switch fill {
            case .firstChannel: channel == 0 ? level : 0
            case .allChannels: level
            case .noise: Self.level(&random)
            }
        }
      }
    }
  }

  private static func level(_ random: inout SplitMix64) -> Float { Float(random.below(256)) / 255 }
}

extension SplitMix64 {
  /// Uniform in [0, 1), of 53 bits.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  fileprivate mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }
}
