/// A PNG file read from the specifications alone, without zlib: the oracle of ``PNGImageTests``.
struct PNGReader {
  let width: Int
  let height: Int
  let bitDepth: Int
  let colorType: Int
  /// As they lie in the file, the channels of a pixel side by side.
  let samples: [UInt8]

  struct Invalid: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  init(_ bytes: [UInt8]) throws {
    guard bytes.starts(with: [137, 80, 78, 71, 13, 10, 26, 10]) else { throw Invalid("signature") }
    var types: [String] = []
    var header: [UInt8] = []
    var data: [UInt8] = []
    var place = 8
    while place < bytes.count {
      let length = Self.number(bytes[place..<place + 4])
      let covered = Array(bytes[place + 4..<place + 8 + length])
      let crc = Self.number(bytes[place + 8 + length..<place + 12 + length])
      guard crc == Int(Self.crc32(covered)) else { throw Invalid("CRC at \(place)") }
      let type = String(decoding: covered[..<4], as: UTF8.self)
      types.append(type)
      if type == "IHDR" { header = Array(covered[4...]) }
      if type == "IDAT" { data += covered[4...] }
      place += 12 + length
    }
    guard types.first == "IHDR", types.last == "IEND", types.contains("IDAT"), header.count == 13,
      Array(header[10...]) == [0, 0, 0]
    else { throw Invalid("chunks \(types), header \(header)") }
    width = Self.number(header[0..<4])
    height = Self.number(header[4..<8])
    bitDepth = Int(header[8])
    colorType = Int(header[9])
    let channels = colorType == 2 ? 3 : 1
    samples = try Self.unfiltered(
      try Self.unwrapped(data), bytesInRow: width * channels, rows: height, step: channels)
  }

  /// zlib's wrapping (RFC 1950): two bytes, the deflated data, their Adler-32.
  private static func unwrapped(_ data: [UInt8]) throws -> [UInt8] {
    guard data.count > 6, data[0] & 15 == 8, number(data[0..<2]) % 31 == 0, data[1] & 32 == 0
    else { throw Invalid("zlib header") }
    var inflater = Inflater(data[2..<data.count - 4])
    let bytes = try inflater.inflate()
    var a = 1
    var b = 0
    for byte in bytes {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    guard number(data.suffix(4)) == b << 16 | a else { throw Invalid("Adler-32") }
    return bytes
  }

  private static func unfiltered(
    _ bytes: [UInt8], bytesInRow: Int, rows: Int, step: Int
  ) throws -> [UInt8] {
    guard bytes.count == rows * (bytesInRow + 1) else { throw Invalid("\(bytes.count) bytes") }
    var samples = [UInt8](repeating: 0, count: rows * bytesInRow)
    for row in 0..<rows {
      let filter = bytes[row * (bytesInRow + 1)]
      for column in 0..<bytesInRow {
        func sample(_ up: Int, _ left: Int) -> Int {
          row >= up && column >= left * step
            ? Int(samples[(row - up) * bytesInRow + column - left * step]) : 0
        }
        let (left, up, corner) = (sample(0, 1), sample(1, 0), sample(1, 1))
        let estimate = left + up - corner
        let nearest = [left, up, corner].min {
          abs(estimate - $0) < abs(estimate - $1)
        }!
        let predictions = [0, left, up, (left + up) / 2, nearest]
        guard filter < 5 else { throw Invalid("filter \(filter)") }
        let raw = Int(bytes[row * (bytesInRow + 1) + 1 + column])
        samples[row * bytesInRow + column] = UInt8((raw + predictions[Int(filter)]) & 255)
      }
    }
    return samples
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
