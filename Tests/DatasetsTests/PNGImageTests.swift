import Datasets
import Foundation
import Testing

/// Every file is read back by ``PNGReader``, which knows the specifications and not zlib.
@Suite struct PNGImageTests {
  /// Extents that differ catch rows taken for columns; sizes above a deflate window catch a truncated stream.
  @Test(arguments: [
    (1, 1, 1), (1, 28, 28), (1, 3, 7), (1, 7, 3), (3, 1, 1), (3, 5, 2), (3, 32, 32), (3, 150, 99),
  ])
  func readsBack(channels: Int, height: Int, width: Int) throws {
    let pixels = noise(channels * height * width)
    let file = PNGImage(pixels: pixels, channels: channels, height: height, width: width).encoded()
    let read = try PNGReader(file)
    #expect(read.width == width && read.height == height)
    #expect(read.bitDepth == 8)
    #expect(read.colorType == (channels == 1 ? 0 : 2))
    let plane = height * width
    #expect(
      read.samples
        == (0..<plane).flatMap { place in (0..<channels).map { pixels[$0 * plane + place] } })
  }

  /// Red, green and blue planes stay what they are: a mistaken channel order would swap them.
  @Test func channelsComeFirst() throws {
    let file = PNGImage(pixels: [255, 1, 2, 254, 3, 4], channels: 3, height: 1, width: 2).encoded()
    #expect(try PNGReader(file).samples == [255, 2, 3, 1, 254, 4])
  }

  /// A flat picture is written as a few bytes, not stored.
  @Test func isCompressed() {
    let file = PNGImage(
      pixels: [UInt8](repeating: 7, count: 10_000), channels: 1, height: 100, width: 100
    ).encoded()
    #expect(file.count < 200)
  }

  @Test(arguments: [(2, 2, 2, 8), (1, 2, 2, 5), (1, 0, 2, 0)])
  func refusesOtherExtents(channels: Int, height: Int, width: Int, count: Int) async {
    await #expect(processExitsWith: .failure) { [channels, height, width, count] in
      _ = PNGImage(
        pixels: [UInt8](repeating: 0, count: count), channels: channels, height: height,
        width: width)
    }
  }

  private func noise(_ count: Int) -> [UInt8] {
    var state: UInt32 = 1
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
  }
}

/// The oracle itself, on a file by Pillow 13 with row filters 1 and 4 and dynamic Huffman codes.
@Suite struct PNGReaderTests {
  static let pillow = Data(
    base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAIAAABvFaqvAAAAYklEQVR4nO3S4QYCQRiF4fczJa+xkmQ"
      + "lY6xkrbX3f3vdQ7EmDef34xxOAAYmPOIJxYwDnvGCV7zhiHd8YMGKEz7xhTMuuOLGIVKOINK36VCHGoI+eXb9jWkd"
      + "+guoNNdoB+gNmLoNDVMkGWcAAAAASUVORK5CYII=")!

  @Test func readsAFileOfPillow() throws {
    let read = try PNGReader(Array(Self.pillow))
    #expect(read.width == 24 && read.height == 24 && read.colorType == 2)
    let expected = (0..<24 * 24).flatMap { place -> [UInt8] in
      let (x, y) = (place % 24, place / 24)
      return [x * 9 + y, x * x + 3 * y, y * 11].map { UInt8($0 % 256) }
    }
    #expect(read.samples == expected)
  }

  /// One flipped bit in the signature, the header, the data or a checksum.
  @Test func noticesDamage() {
    for place in [1, 20, 30, 45, 80, 110, 120, 150] {
      var bytes = Array(Self.pillow)
      bytes[place] ^= 4
      #expect(throws: PNGReader.Invalid.self, "byte \(place)") { try PNGReader(bytes) }
    }
  }
}
