internal import CZlib
import Foundation

/// A file, plain or compressed by gzip, read from its start to its end.
///
/// Which of the two it is, the first bytes decide, not the name. zlib checks gzip's own length and
/// checksum when the end is reached.
final class InputFile {
  let path: String
  /// Bytes on disk.
  let byteCount: Int
  private let handle: gzFile

  init(_ url: URL) throws(DatasetError) {
    path = url.path
    var status = stat()
    guard stat(path, &status) == 0 else {
      let absent = errno == ENOENT
      throw DatasetError(
        absent ? .missing : .unreadable, path, expected: "a file",
        found: absent ? "nothing there" : String(cString: strerror(errno)),
        remedy: "Check the path, or fetch the data set again")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw DatasetError(
        .unreadable, path, expected: "a file",
        found: status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or pipe",
        remedy: "Name the file itself")
    }
    guard let handle = gzopen(path, "rb") else {
      throw DatasetError(
        .unreadable, path, expected: "a file that can be read",
        found: String(cString: strerror(errno)), remedy: "Check the file's permissions")
    }
    byteCount = Int(status.st_size)
    self.handle = handle
    gzbuffer(handle, 1 << 17)
  }

  deinit { gzclose_r(handle) }

  /// Whether the bytes come straight from the file.
  var isPlain: Bool { gzdirect(handle) != 0 }

  /// The most bytes that this file can expand to: DEFLATE never does better than 1032 to 1.
  ///
  /// It keeps a small file that claims to be a huge one from making us allocate memory for it.
  var largestContent: Int { isPlain ? byteCount : byteCount * 1032 }

  /// Whether a read came to the end of the file in the middle of its gzip data.
  var isCutOff: Bool { lastError.code == Z_BUF_ERROR }

  /// The next `count` bytes, fewer where the file ends before.
  func read(_ count: Int) throws(DatasetError) -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let wanted = min(count - filled, 1 << 30)  // zlib counts in 32 bits
        let got = gzread(handle, buffer.baseAddress! + filled, UInt32(wanted))
        failed = got < 0
        filled += max(0, Int(got))
        guard got == wanted else { break }
      }
    }
    guard failed else { return bytes }
    guard lastError.code != Z_ERRNO else {
      throw DatasetError(
        .unreadable, path, expected: "a file that can be read",
        found: String(cString: strerror(errno)), remedy: "Check the disk")
    }
    throw DatasetError(
      .corrupt, path, expected: "intact gzip data", found: lastError.message,
      remedy: "Fetch the file again; this copy is damaged")
  }

  private var lastError: (code: Int32, message: String) {
    var code: Int32 = 0
    let text = gzerror(handle, &code).map { String(cString: $0) } ?? ""
    // zlib puts the path in front.
    return (code, text.hasPrefix(path + ": ") ? String(text.dropFirst(path.count + 2)) : text)
  }
}
