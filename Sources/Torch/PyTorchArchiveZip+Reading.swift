internal import CZlib

extension PyTorchArchiveZip {
  /// A record's content, whole.
  ///
  /// - Parameter limit: the most bytes that it may have.
  func content(of entry: Entry, limit: Int) throws(Failure) -> [UInt8] {
    guard entry.count <= limit else {
      throw Failure(
        .limit, "record '\(entry.name.escaped)'", expected: "at most \(limit) bytes",
        found: "\(entry.count)", remedy: "check that this is a file of tensors")
    }
    var result = [UInt8](repeating: 0, count: entry.count)
    try result.withUnsafeMutableBufferPointer { memory throws(Failure) in
      try read(entry, into: UnsafeMutableRawBufferPointer(memory))
    }
    return result
  }

  /// Writes a record's content into memory of its length, and compares the checksum.
  func read(_ entry: Entry, into memory: UnsafeMutableRawBufferPointer) throws(Failure) {
    precondition(memory.count == entry.count, "expected \(entry.count) bytes of memory")
    let start = try dataStart(of: entry)
    switch entry.method {
    case .stored: try file.fill(memory, from: start)
    case .deflated: try inflate(entry, from: start, into: memory)
    }
    let checksum = crc32_z(0, memory.baseAddress, memory.count)
    guard UInt32(truncatingIfNeeded: memory.isEmpty ? 0 : checksum) == entry.checksum else {
      throw Failure(
        .damaged, "record '\(entry.name.escaped)'",
        expected: "checksum \(String(entry.checksum, radix: 16))",
        found: String(checksum, radix: 16))
    }
  }

  /// Where the bytes begin: the local header repeats the name and pads with fields of its own.
  private func dataStart(of entry: Entry) throws(Failure) -> Int {
    let header = try file.bytes(entry.place.lowerBound..<entry.place.lowerBound + 30)
    let nameStart = entry.place.lowerBound + 30
    let nameEnd = nameStart + Int(header.littleEndian(26, 2))
    let start = nameEnd + Int(header.littleEndian(28, 2))
    guard header.littleEndian(0, 4) == 0x0403_4b50,
      start + entry.compressedCount <= entry.place.upperBound,
      try file.bytes(nameStart..<nameEnd) == Array(entry.name.utf8)
    else {
      throw Failure(
        .damaged, "record '\(entry.name.escaped)'",
        expected: "its header at \(entry.place.lowerBound)",
        found: "other bytes")
    }
    return start
  }

  private func inflate(
    _ entry: Entry, from start: Int, into memory: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    var stream = z_stream()
    // Negative: bare DEFLATE, without zlib's own header.
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw inflation(entry, "no memory for zlib") }
    defer { inflateEnd(&stream) }
    var read = 0
    var written = 0
    // zlib counts in 32 bits. A byte more than expected would show that there is more.
    var spare: UInt8 = 0
    while true {
      var chunk = try file.bytes(
        start + read..<start + min(read + 1 << 16, entry.compressedCount))
      let room = min(memory.count - written, 1 << 30)
      let (code, taken, given) = chunk.withUnsafeMutableBufferPointer { input in
        withUnsafeMutablePointer(to: &spare) { spare in
          stream.next_in = input.baseAddress
          stream.avail_in = UInt32(input.count)
          stream.next_out =
            room > 0
            ? memory.baseAddress!.assumingMemoryBound(to: UInt8.self) + written : spare
          stream.avail_out = UInt32(max(room, 1))
          let code = CZlib.inflate(&stream, Z_NO_FLUSH)
          return (
            code, input.count - Int(stream.avail_in), max(room, 1) - Int(stream.avail_out)
          )
        }
      }
      guard room > 0 || given == 0 else { throw inflation(entry, "more bytes") }
      read += taken
      written += given
      if code == Z_STREAM_END { break }
      guard code == Z_OK || code == Z_BUF_ERROR, taken > 0 || given > 0 else {
        throw inflation(entry, "damaged or too few bytes")
      }
    }
    guard written == memory.count, read == entry.compressedCount else {
      throw inflation(entry, "\(written) bytes from \(read)")
    }
  }

  private func inflation(_ entry: Entry, _ found: String) -> Failure {
    Failure(
      .damaged, "record '\(entry.name.escaped)'",
      expected: "\(entry.count) bytes deflated to \(entry.compressedCount)", found: found)
  }
}
