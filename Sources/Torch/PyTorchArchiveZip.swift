/// The table of contents of a zip file, checked before anything is read by it.
///
/// Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5 (ZIP64). Spanned and encrypted archives are refused.
struct PyTorchArchiveZip: Sendable {
  typealias Failure = PyTorchArchive.Failure

  /// One record of the archive.
  struct Entry: Sendable {
    let name: String
    let method: Method
    let checksum: UInt32
    let compressedCount: Int
    let count: Int
    /// Where its local header begins, and where the next record or the directory does.
    let place: Range<Int>
  }

  enum Method: UInt64 {
    case stored = 0
    case deflated = 8
  }

  /// DEFLATE never does better than 1032 to 1: what claims more is no honest record.
  static let largestRatio = 1032

  let file: PyTorchArchiveFile
  let entries: [String: Entry]

  init(_ file: PyTorchArchiveFile) throws(Failure) {
    self.file = file
    let directory = try Directory(of: file)
    let bytes = try file.bytes(directory.range)
    var found: [Entry] = []
    var position = 0
    while position < bytes.count {
      let (entry, end) = try Self.entry(bytes[position...], before: directory.range.lowerBound)
      found.append(entry)
      position += end
    }
    guard found.count == directory.count else {
      throw Failure(
        .damaged, "directory", expected: "\(directory.count) records", found: "\(found.count)")
    }
    entries = try Self.placed(found, end: directory.range.lowerBound)
  }

  /// By name; no two records share a name or a byte.
  private static func placed(_ entries: [Entry], end: Int) throws(Failure) -> [String: Entry] {
    var byName: [String: Entry] = [:]
    let ordered = entries.sorted { $0.place.lowerBound < $1.place.lowerBound }
    for (index, entry) in ordered.enumerated() {
      let next = index + 1 < ordered.count ? ordered[index + 1].place.lowerBound : end
      guard entry.place.upperBound <= next else {
        throw Failure(
          .damaged, "record '\(entry.name.escaped)'", expected: "bytes of its own",
          found: "an overlap with the record after it")
      }
      let full = Entry(
        name: entry.name, method: entry.method, checksum: entry.checksum,
        compressedCount: entry.compressedCount, count: entry.count,
        place: entry.place.lowerBound..<next)
      guard byName.updateValue(full, forKey: entry.name) == nil else {
        throw Failure(
          .damaged, "directory", expected: "different names", found: "'\(entry.name.escaped)' twice"
        )
      }
    }
    return byName
  }

  /// A record of the directory, and its length there. Its place has the least length that it can have.
  private static func entry(
    _ bytes: ArraySlice<UInt8>, before end: Int
  ) throws(Failure) -> (Entry, Int) {
    guard bytes.count >= 46, bytes.littleEndian(0, 4) == 0x0201_4b50 else {
      throw Failure(
        .damaged, "directory", expected: "a record", found: "other bytes or the directory's end")
    }
    let nameCount = Int(bytes.littleEndian(28, 2))
    let extraCount = Int(bytes.littleEndian(30, 2))
    let length = 46 + nameCount + extraCount + Int(bytes.littleEndian(32, 2))
    guard bytes.count >= length else {
      throw Failure(.damaged, "directory", expected: "a whole record", found: "a part of one")
    }
    let text = bytes.dropFirst(46).prefix(nameCount)
    guard let name = String(validating: text, as: UTF8.self) else {
      throw Failure(.damaged, "directory", expected: "names in UTF-8", found: "other bytes")
    }
    let subject = "record '\(name.escaped)'"
    let wide = try ZIP64Fields(
      bytes.dropFirst(46 + nameCount).prefix(extraCount), subject: subject)
    let (count, compressed, start) = try wide.values(
      count: bytes.littleEndian(24, 4), compressed: bytes.littleEndian(20, 4),
      start: bytes.littleEndian(42, 4))
    guard bytes.littleEndian(8, 2) & 0x2041 == 0 else {
      throw Failure(
        .otherFormat, subject, expected: "a record that is not encrypted",
        found: "an encrypted one", remedy: "decrypt the file first")
    }
    guard let method = Method(rawValue: bytes.littleEndian(10, 2)) else {
      throw Failure(
        .otherFormat, subject, expected: "a stored or deflated record",
        found: "compression method \(bytes.littleEndian(10, 2))",
        remedy: "save the file again with torch.save")
    }
    let least = 30 + nameCount
    guard start <= end, compressed <= end, least + compressed <= end - start else {
      throw Failure(
        .damaged, subject, expected: "bytes before the directory at \(end)",
        found: "\(compressed) bytes from \(start)")
    }
    guard method == .deflated ? count / largestRatio <= compressed : count == compressed else {
      throw Failure(
        .damaged, subject, expected: "a length that \(compressed) bytes can hold",
        found: "\(count)")
    }
    let entry = Entry(
      name: name, method: method, checksum: UInt32(bytes.littleEndian(16, 4)),
      compressedCount: compressed, count: count, place: start..<start + least + compressed)
    return (entry, length)
  }
}

/// Where the directory lies, from the file's last bytes.
private struct Directory {
  typealias Failure = PyTorchArchive.Failure

  let range: Range<Int>
  let count: Int

  init(of file: PyTorchArchiveFile) throws(Failure) {
    // The end record: 22 bytes and a comment of at most 65535.
    let tailStart = max(0, file.count - 22 - 65535)
    let tail = try file.bytes(tailStart..<file.count)
    let last = (0...max(0, tail.count - 22)).last { offset in
      tail.count >= offset + 22 && tail.littleEndian(offset, 4) == 0x0605_4b50
        && offset + 22 + Int(tail.littleEndian(offset + 20, 2)) == tail.count
    }
    guard let last else {
      throw Failure(
        .damaged, "file", expected: "a zip directory at its end", found: "none",
        remedy: "the file is cut short: copy or download it again")
    }
    let end = tail[last...]
    guard end.littleEndian(4, 4) == 0, end.littleEndian(8, 2) == end.littleEndian(10, 2) else {
      throw Failure(.otherFormat, "file", expected: "one zip file", found: "a part of several")
    }
    var numbers = (
      count: end.littleEndian(10, 2), size: end.littleEndian(12, 4),
      start: end.littleEndian(16, 4)
    )
    var directoryEnd = tailStart + last
    // ZIP64: a locator of 20 bytes stands before the end record.
    if last >= 20, tail.littleEndian(last - 20, 4) == 0x0706_4b50 {
      let place = tail.littleEndian(last - 20 + 8, 8)
      guard directoryEnd >= 76, place <= UInt64(directoryEnd - 76) else {
        throw Failure(
          .damaged, "file", expected: "a ZIP64 end record before \(directoryEnd)",
          found: "\(place)")
      }
      directoryEnd = Int(place)
      let record = try file.bytes(directoryEnd..<directoryEnd + 56)
      guard record.littleEndian(0, 4) == 0x0606_4b50 else {
        throw Failure(.damaged, "file", expected: "a ZIP64 end record", found: "other bytes")
      }
      numbers = (
        record.littleEndian(32, 8), record.littleEndian(40, 8), record.littleEndian(48, 8)
      )
    }
    guard numbers.start <= UInt64(directoryEnd),
      numbers.size == UInt64(directoryEnd) - numbers.start, numbers.count <= numbers.size / 46
    else {
      throw Failure(
        .damaged, "file", expected: "a directory that ends at \(directoryEnd)",
        found: "\(numbers.size) bytes from \(numbers.start) with \(numbers.count) records")
    }
    range = Int(numbers.start)..<directoryEnd
    count = Int(numbers.count)
  }
}

/// The numbers of a record that do not fit 32 bits.
private struct ZIP64Fields {
  typealias Failure = PyTorchArchive.Failure

  private let subject: String
  private var fields: ArraySlice<UInt8> = []

  init(_ extra: ArraySlice<UInt8>, subject: String) throws(Failure) {
    self.subject = subject
    var rest = extra
    while rest.count >= 4 {
      let length = Int(rest.littleEndian(2, 2))
      guard rest.count >= 4 + length else {
        throw Failure(.damaged, subject, expected: "whole extra fields", found: "a part of one")
      }
      if rest.littleEndian(0, 2) == 1 { fields = rest.dropFirst(4).prefix(length) }
      rest = rest.dropFirst(4 + length)
    }
  }

  /// In this order in the field, each only where the 32 bits are all ones.
  func values(
    count: UInt64, compressed: UInt64, start: UInt64
  ) throws(Failure) -> (count: Int, compressed: Int, start: Int) {
    var rest = fields
    var result: [Int] = []
    for value in [count, compressed, start] {
      var value = value
      if value == 0xffff_ffff, rest.count >= 8 {
        value = rest.littleEndian(0, 8)
        rest = rest.dropFirst(8)
      }
      // 2^62 leaves room for sums.
      guard value < 1 << 62 else {
        throw Failure(.damaged, subject, expected: "a length below 2^62", found: "\(value)")
      }
      result.append(Int(value))
    }
    return (result[0], result[1], result[2])
  }
}
