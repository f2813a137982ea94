internal import CZlib

extension ImageDataset {
  /// CRC-32 (zlib's) over the content: tells two data sets apart in a run's manifest, proves nothing
  /// against someone who means to deceive.
  ///
  /// Covers, as little-endian bytes: count, channels, height, width and classes as int64; the labels as
  /// int64; the pixels as they are stored, bytes or float32. The same pictures stored in the other type give
  /// another value; names do not matter. Reads all pixels each time it is asked for.
  public var crc32: UInt32 {
    let numbers = [count, shape.channels, shape.height, shape.width, classes] + labels
    let head = numbers.map { Int64($0).littleEndian }.withUnsafeBytes { Self.crc32($0, after: 0) }
    return pixels.withUnsafeBytes { Self.crc32($0, after: head) }
  }

  private static func crc32(_ bytes: UnsafeRawBufferPointer, after crc: UInt32) -> UInt32 {
    let base = bytes.bindMemory(to: UInt8.self).baseAddress
    return UInt32(crc32_z(uLong(crc), base, bytes.count))
  }
}
