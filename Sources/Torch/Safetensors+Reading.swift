import Foundation

extension Safetensors {
  /// Reads a file. Each tensor's bytes go from the file into the tensor's own memory, without a copy between.
  ///
  /// - Throws: ``SafetensorsError`` when the file cannot be read or breaks a rule of the format.
  public static func read(from path: String) throws(SafetensorsError) -> SafetensorsFile {
    let file = try ReadableFile(path)
    let headerCount = try file.headerCount()
    let text = try file.bytes(headerCount, from: 8)
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(parsing: text, dataCount: file.count - 8 - headerCount)
    } catch {
      throw SafetensorsError(
        path: path, subject: error.subject ?? "header", expected: error.expected,
        found: error.found,
        remedy: error.remedy)
    }
    var tensors = NamedTensors()
    for entry in header.entries {
      tensors[entry.name] = try file.tensor(entry, from: 8 + headerCount)
    }
    return SafetensorsFile(tensors: tensors, metadata: header.metadata)
  }
}

/// An open file, closed when it is let go.
private final class ReadableFile {
  let path: String
  let count: Int
  private let descriptor: Int32

  init(_ path: String) throws(SafetensorsError) {
    self.path = path
    var status = stat()
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      throw SafetensorsError(
        path: path, subject: "file", expected: "a file that can be read",
        found: String(cString: strerror(errno)), remedy: "check the path and its permissions")
    }
    count = Int(status.st_size)
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SafetensorsError(
        path: path, subject: "file", expected: "a regular file", found: "a folder or a device",
        remedy: "give the path of the file itself")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The header's length, once it is known to fit.
  func headerCount() throws(SafetensorsError) -> Int {
    guard count >= 8 else {
      throw SafetensorsError(
        path: path, subject: "file", expected: "8 bytes or more", found: "\(count)",
        remedy: "the file is cut short: copy or download it again")
    }
    let length = try bytes(8, from: 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Safetensors.longestHeader, Int(length) <= count - 8 else {
      throw SafetensorsError(
        path: path, subject: "header length",
        expected: "at most \(min(Safetensors.longestHeader, count - 8)) bytes", found: "\(length)",
        remedy: "check that this is a whole safetensors file")
    }
    return Int(length)
  }

  func bytes(_ byteCount: Int, from offset: Int) throws(SafetensorsError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: byteCount)
    let done = result.withUnsafeMutableBytes { fill($0, from: offset) }
    guard done else { throw unreadable() }
    return result
  }

  func tensor(_ entry: SafetensorsHeader.Entry, from start: Int) throws(SafetensorsError) -> Tensor
  {
    let (tensor, memory) = try emptyTensor(entry)
    defer { withExtendedLifetime(tensor) {} }
    guard fill(memory, from: start + entry.range.lowerBound) else { throw unreadable() }
    guard entry.dtype != .bool || memory.allSatisfy({ $0 <= 1 }) else {
      throw SafetensorsError(
        path: path, subject: "tensor '\(entry.name)'", expected: "Booleans of 0 or 1",
        found: "another byte", remedy: SafetensorsError.writeAgain)
    }
    return tensor
  }

  private func emptyTensor(_ entry: SafetensorsHeader.Entry) throws(SafetensorsError) -> (
    Tensor, UnsafeMutableRawBufferPointer
  ) {
    do { return try Tensor.uninitialized(entry.shape, dtype: entry.dtype) } catch {
      throw SafetensorsError(
        path: path, subject: "tensor '\(entry.name)'",
        expected: "\(entry.range.count) bytes of free memory", found: error.message,
        remedy: "free memory or use a larger machine")
    }
  }

  private func fill(_ memory: UnsafeMutableRawBufferPointer, from offset: Int) -> Bool {
    memory.filled(from: descriptor, at: offset) == memory.count
  }

  private func unreadable() -> SafetensorsError {
    let reason = errno == 0 ? "the file's end" : String(cString: strerror(errno))
    return SafetensorsError(
      path: path, subject: "file", expected: "\(count) readable bytes", found: reason,
      remedy: "check the disk, and that nothing else writes the file now")
  }
}
