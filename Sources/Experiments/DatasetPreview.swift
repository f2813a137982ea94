import Datasets
import Foundation
import Torch

/// A picture of some samples of a data set with the names of their classes, as SVG.
///
/// Each sample is a PNG inside, magnified without smoothing, so that every pixel can be seen. The file stands
/// alone and opens in any browser.
public struct DatasetPreview {
  public let dataset: ImageDataset
  /// Which samples, in the order in which they are shown: row by row.
  public let indices: [Int]

  /// - Parameter count: how many to draw at random, each at most once; all where there are fewer.
  /// - Throws: ``UsageError`` for a count below 1 or pixels that are neither grey nor RGB.
  public init(of dataset: ImageDataset, count: Int, seed: UInt64) throws(UsageError) {
    guard count >= 1, count <= Self.largestCount else {
      throw UsageError("--count: expected 1 to \(Self.largestCount) images, found \(count)")
    }
    guard [1, 3].contains(dataset.shape.channels) else {
      throw UsageError(
        "\(dataset.name): expected images of 1 channel (grey) or 3 (RGB), found \(dataset.shape); "
          + "take others")
    }
    self.dataset = dataset
    let order = DataLoader(dataset, batchSize: 1, order: .shuffled, seed: seed)
    indices = Array(order.sampleOrder(inEpoch: 0).prefix(count))
  }

  /// What a browser still shows at once.
  static let largestCount = 2000

  /// Pixels of the page that a sample's longer side takes.
  private static let side = 84
  private static let (gap, caption) = (12, 16)

  private var columns: Int {
    min(indices.count, max(1, Int((Double(indices.count) * 1.6).squareRoot().rounded(.up))))
  }

  public var svg: String {
    let rows = (indices.count + columns - 1) / columns
    let cell = (width: Self.side + Self.gap, height: Self.side + Self.caption + Self.gap)
    let width = columns * cell.width + Self.gap
    let head = 40
    let height = head + rows * cell.height + Self.gap
    let samples = indices.enumerated().map { place, index in
      sample(
        index, x: Self.gap + place % columns * cell.width,
        y: head + place / columns * cell.height)
    }
    let title = "\(dataset)"
    let page: HTML = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
      viewBox="0 0 \(width) \(height)" role="img" font-family="system-ui, sans-serif">
      <title>\(title)</title>
      <rect width="\(width)" height="\(height)" fill="#fff"/>
      <text x="\(Self.gap)" y="24" font-size="14">\(title)</text>
      \(samples)
      </svg>

      """
    return page.text
  }

  private func sample(_ index: Int, x: Int, y: Int) -> HTML {
    let shape = dataset.shape
    let name = dataset.classNames[dataset.labels[index]]
    let pixels = dataset.images(at: [index]).scalars(of: Float.self).map {
      UInt8(($0 * 255).rounded())
    }
    let png = PNGImage(
      pixels: pixels, channels: shape.channels, height: shape.height, width: shape.width)
    let data = Data(png.encoded()).base64EncodedString()
    return """
      <g><title>\(name), image \(index)</title>
      <image x="\(x)" y="\(y)" width="\(Self.side)" height="\(Self.side)" \
      style="image-rendering:pixelated" href="data:image/png;base64,\(data)"/>
      <text x="\(x + Self.side / 2)" y="\(y + Self.side + 13)" font-size="11" \
      text-anchor="middle"\(Self.squeeze(name))>\(name)</text></g>
      """
  }

  /// Long names (CIFAR-100's, ImageNet's) are pressed into the sample's width.
  private static func squeeze(_ name: String) -> HTML {
    name.count > 14 ? " textLength=\"\(side)\" lengthAdjust=\"spacingAndGlyphs\"" : ""
  }
}
