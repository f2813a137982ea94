import Foundation

extension Safetensors {
  /// Writes tensors and metadata to a file, byte for byte what the reference implementation writes.
  ///
  /// The bytes go to a temporary file in the same folder, which replaces `path` once it is safely on the disk:
  /// whatever fails, `path` holds either its old content or all of the new one. Tensors are written one by one;
  /// only those that are not row-major on the CPU are copied first.
  ///
  /// - Throws: ``SafetensorsError`` when the file cannot be written or a name is not allowed.
  public static func write(
    _ tensors: NamedTensors, metadata: [String: String] = [:], to path: String
  ) throws(SafetensorsError) {
    guard tensors[metadataKey] == nil else {
      throw SafetensorsError(
        path: path, subject: "tensor '\(metadataKey)'", expected: "another name",
        found: "the format's name for metadata", remedy: "rename the tensor")
    }
    let ordered = tensors.sorted {
      let (a, b) = ($0.tensor.dtype.safetensorsRank, $1.tensor.dtype.safetensorsRank)
      return a == b ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : a > b
    }
    let header = headerBytes(ordered, metadata: metadata)
    guard header.count <= longestHeader else {
      throw SafetensorsError(
        path: path, subject: "header", expected: "at most \(longestHeader) bytes",
        found: "\(header.count)", remedy: "write fewer tensors, shorter names or less metadata")
    }
    let file = try ReplacementFile(for: path)
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    try file.check((length + header).withUnsafeBytes(file.append))
    for (_, tensor) in ordered { try file.check(tensor.withBytes(file.append)) }
    try file.commit()
  }

  /// The JSON header, padded with spaces to a multiple of 8.
  private static func headerBytes(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String]
  ) -> [UInt8] {
    var fields: [String] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      let pairs = sorted.map { "\(quoted($0.key)):\(quoted($0.value))" }
      fields.append("\(quoted(metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for (name, tensor) in tensors {
      let end = offset + tensor.count * tensor.dtype.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      fields.append(
        """
        \(quoted(name)):{"dtype":"\(tensor.dtype.safetensorsName)","shape":[\(shape)],\
        "data_offsets":[\(offset),\(end)]}
        """)
      offset = end
    }
    var header = Array("{\(fields.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    return header
  }

  /// A JSON string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ": result += String(format: "\\u%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// A temporary file that takes the place of another one, or is removed when it is let go before.
private final class ReplacementFile {
  private let path: String
  private let folder: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false

  init(for path: String) throws(SafetensorsError) {
    let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    self.path = path
    folder = parent.isEmpty ? "." : parent
    temporary = "\(parent).safetensors-\(UInt64.random(in: 0...(.max)))"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    try check(descriptor >= 0)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if descriptor >= 0, !isCommitted { unlink(temporary) }
  }

  /// Whether all bytes were written; `errno` says why not.
  func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.written(to: descriptor) == bytes.count
  }

  func check(_ done: Bool) throws(SafetensorsError) { if !done { throw failure() } }

  /// Makes the bytes and then the new name safe against a power cut.
  func commit() throws(SafetensorsError) {
    try check(fsync(descriptor) == 0 && rename(temporary, path) == 0)
    isCommitted = true
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try check(directory >= 0)
    defer { close(directory) }
    // Some file systems cannot sync a folder and say EINVAL.
    try check(fsync(directory) == 0 || errno == EINVAL)
  }

  private func failure() -> SafetensorsError {
    SafetensorsError(
      path: path, subject: "file", expected: "to write it", found: String(cString: strerror(errno)),
      remedy: "check that the folder exists, can be written and has free space")
  }
}
