internal import CZlib

/// A picture as a PNG file, 8 bits a channel, grey or RGB.
///
/// Only as much of PNG as a report needs: no palette, no transparency, no row filters (zlib alone is enough
/// for small pictures). *Portable Network Graphics, third edition*, W3C 2025.
public struct PNGImage: Sendable {
  public let pixels: [UInt8]
  public let channels: Int
  public let height: Int
  public let width: Int

  /// - Parameter pixels: channels first, `[C, H, W]`, as all images here.
  /// - Precondition: 1 or 3 channels, at least one pixel, as many pixels as the extents say.
  public init(pixels: [UInt8], channels: Int, height: Int, width: Int) {
    precondition(
      [1, 3].contains(channels) && height > 0 && width > 0
        && pixels.count == channels * height * width,
      "PNG: \(pixels.count) pixels, \(channels)x\(height)x\(width)")
    self.pixels = pixels
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// The bytes of the file.
  public func encoded() -> [UInt8] {
    let bitDepth: UInt8 = 8
    let colorType: UInt8 = channels == 1 ? 0 : 2
    let header = Self.bigEndian(width) + Self.bigEndian(height) + [bitDepth, colorType, 0, 0, 0]
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    return signature + Self.chunk("IHDR", header) + Self.chunk("IDAT", Self.compressed(scanlines))
      + Self.chunk("IEND", [])
  }

  /// Row after row, each after its filter type 0, the channels of a pixel side by side.
  private var scanlines: [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(pixels.count + height)
    for row in 0..<height {
      lines.append(0)
      for column in 0..<width {
        for channel in 0..<channels {
          lines.append(pixels[(channel * height + row) * width + column])
        }
      }
    }
    return lines
  }

  /// Length, type, content, and the CRC-32 of type and content.
  private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let covered = Array(type.utf8) + content
    let crc = covered.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
    return bigEndian(content.count) + covered + bigEndian(Int(crc))
  }

  private static func compressed(_ bytes: [UInt8]) -> [UInt8] {
    let bound = compressBound(uLong(bytes.count))
    return [UInt8](unsafeUninitializedCapacity: Int(bound)) { buffer, count in
      var written = bound
      let status = compress2(
        buffer.baseAddress, &written, bytes, uLong(bytes.count), Z_BEST_COMPRESSION)
      precondition(status == Z_OK, "PNG: zlib failed with \(status)")
      count = Int(written)
    }
  }

  private static func bigEndian(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
  }
}
