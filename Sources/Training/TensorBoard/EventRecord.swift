/// A record of TensorBoard's event files: length, checksum of the length, data, checksum of the data.
///
/// All numbers are little-endian: 8 bytes, 4 bytes, the data, 4 bytes. Source: TensorFlow's
/// `core/lib/io/record_writer.cc`.
enum EventRecord {
  static let headerCount = 12
  static let frameCount = 16

  static func bytes(_ data: [UInt8]) -> [UInt8] {
    let length = bytes(of: UInt64(data.count))
    return length + bytes(of: CRC32C.masked(length)) + data + bytes(of: CRC32C.masked(data))
  }

  /// The length of the data that follow a header of ``headerCount`` bytes; nil when its checksum is wrong.
  static func dataCount(header: [UInt8]) -> Int? {
    let length = header[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard Array(header[8...]) == bytes(of: CRC32C.masked(header[..<8])) else { return nil }
    return Int(exactly: length)
  }

  private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
