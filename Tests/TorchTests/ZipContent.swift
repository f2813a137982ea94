/// A zip file of stored records, with numbers that may be wrong.
struct ZipContent {
  struct Record {
    var name: String
    var content: [UInt8]
    var checksum: UInt32?
    /// The length that the directory gives.
    var count: UInt64?
    var method: UInt64 = 0
    var flags: UInt64 = 0
    /// Where the directory says that the record begins.
    var start: UInt64?
  }

  var records: [Record]
  /// Every number of the directory in its ZIP64 form, and the end records for it.
  var isZIP64 = false
  var comment: [UInt8] = []

  /// An archive as torch.save writes it.
  init(pickle: [UInt8], storages: [String: [UInt8]] = [:], more: [String: [UInt8]] = [:]) {
    records = [Record(name: "archive/data.pkl", content: pickle)]
    for (key, content) in storages.sorted(by: { $0.key < $1.key }) {
      records.append(Record(name: "archive/data/\(key)", content: content))
    }
    for (name, content) in more.sorted(by: { $0.key < $1.key }) {
      records.append(Record(name: "archive/\(name)", content: content))
    }
  }

  var bytes: [UInt8] {
    var result: [UInt8] = []
    var directory: [UInt8] = []
    for record in records {
      let checksum = UInt64(record.checksum ?? Self.checksum(record.content))
      let start = record.start ?? UInt64(result.count)
      let count = record.count ?? UInt64(record.content.count)
      let name = Array(record.name.utf8)
      result += le(0x0403_4b50, 4) + le(20, 2) + le(record.flags, 2) + le(record.method, 2)
      result += le(0, 4) + le(checksum, 4) + le(UInt64(record.content.count), 4)
      result += le(count, 4) + le(UInt64(name.count), 2) + le(0, 2) + name + record.content
      let stored = UInt64(record.content.count)
      let wide = isZIP64 ? le(1, 2) + le(24, 2) + le(count, 8) + le(stored, 8) + le(start, 8) : []
      let narrow: (UInt64) -> [UInt8] = { le(isZIP64 ? 0xffff_ffff : $0, 4) }
      directory += le(0x0201_4b50, 4) + le(20, 2) + le(20, 2) + le(record.flags, 2)
      directory += le(record.method, 2) + le(0, 4) + le(checksum, 4) + narrow(stored)
      directory += narrow(count) + le(UInt64(name.count), 2) + le(UInt64(wide.count), 2)
      directory += le(0, 2) + le(0, 2) + le(0, 2) + le(0, 4) + narrow(start) + name + wide
    }
    let start = UInt64(result.count)
    let (size, count) = (UInt64(directory.count), UInt64(records.count))
    result += directory
    if isZIP64 {
      let place = UInt64(result.count)
      result += le(0x0606_4b50, 4) + le(44, 8) + le(45, 2) + le(45, 2) + le(0, 8)
      result += le(count, 8) + le(count, 8) + le(size, 8) + le(start, 8)
      result += le(0x0706_4b50, 4) + le(0, 4) + le(place, 8) + le(1, 4)
    }
    let short = isZIP64 ? 0xffff : count
    result += le(0x0605_4b50, 4) + le(0, 4) + le(short, 2) + le(short, 2)
    result += le(isZIP64 ? 0xffff_ffff : size, 4) + le(isZIP64 ? 0xffff_ffff : start, 4)
    return result + le(UInt64(comment.count), 2) + comment
  }

  /// CRC-32, bit by bit.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
        value >> 1 ^ (value & 1 == 1 ? 0xedb8_8320 : 0)
      }
    }
  }
}

/// A number in little-endian bytes.
func le(_ value: UInt64, _ byteCount: Int) -> [UInt8] {
  (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}
