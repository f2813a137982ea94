import Foundation

/// An open file that bytes are read from by position, closed when it is let go.
final class PyTorchArchiveFile: Sendable {
  typealias Failure = PyTorchArchive.Failure

  let count: Int
  private let descriptor: Int32

  init(_ path: String) throws(Failure) {
    var status = stat()
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw Failure(
        .unreadable, "file", expected: "a file that can be read",
        found: String(cString: strerror(errno)), remedy: "check the path and its permissions")
    }
    count = Int(status.st_size)
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(
        .unreadable, "file", expected: "a regular file", found: "a folder or a device",
        remedy: "give the path of the file itself")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The bytes of a range.
  ///
  /// - Precondition: the range lies in the file as it was opened, so nothing allocates more than its size.
  func bytes(_ range: Range<Int>) throws(Failure) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: range.count)
    try result.withUnsafeMutableBufferPointer { buffer throws(Failure) in
      try fill(UnsafeMutableRawBufferPointer(buffer), from: range.lowerBound)
    }
    return result
  }

  /// Fills memory with what begins at `offset`.
  func fill(_ memory: UnsafeMutableRawBufferPointer, from offset: Int) throws(Failure) {
    precondition(offset >= 0 && memory.count <= count - offset, "outside the file")
    guard memory.filled(from: descriptor, at: offset) == memory.count else {
      throw Failure(
        .unreadable, "file", expected: "\(count) readable bytes",
        found: errno == 0 ? "the file's end" : String(cString: strerror(errno)),
        remedy: "check the disk, and that nothing else writes the file now")
    }
  }
}

extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// The little-endian number in `byteCount` bytes at `offset` from the start.
  ///
  /// - Precondition: the bytes are there.
  func littleEndian(_ offset: Int, _ byteCount: Int) -> UInt64 {
    let start = startIndex + offset
    return self[start..<start + byteCount].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
