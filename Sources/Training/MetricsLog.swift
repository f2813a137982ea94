import Foundation

/// A run's log: one JSON object a line, appended as things happen.
///
/// A run that goes on from a checkpoint cuts off what was written after it, so that every step is logged once.
public final class MetricsLog {
  public let path: String
  private let file: FileHandle

  /// Opens the log and keeps its first bytes.
  ///
  /// - Parameter length: how much of what is there belongs to the run; 0 begins anew.
  /// - Throws: the system's error when the file cannot be opened or is shorter than that.
  public init(path: String, keeping length: UInt64 = 0) throws {
    self.path = path
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw MetricsLogError(path: path, reason: Self.lastFailure) }
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let found = try file.seekToEnd()
    guard found >= length else {
      throw MetricsLogError(
        path: path,
        reason: "expected at least \(length) bytes, found \(found); the file was changed since the "
          + "checkpoint: put it back, or start anew in another folder")
    }
    try file.truncate(atOffset: length)
  }

  /// Bytes so far; a checkpoint keeps this number.
  public var length: UInt64 { (try? file.offset()) ?? 0 }

  /// Appends one record as a line, in one write.
  public func append(_ record: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      try file.write(contentsOf: encoder.encode(record) + Data("\n".utf8))
    } catch {
      throw MetricsLogError(path: path, reason: "\(error)")
    }
  }

  /// Makes what was appended safe against a power cut: before the checkpoint that counts on it.
  public func synchronize() throws {
    guard fsync(file.fileDescriptor) == 0 else {
      throw MetricsLogError(path: path, reason: Self.lastFailure)
    }
  }

  private static var lastFailure: String { String(cString: strerror(errno)) }
}

/// A log that cannot be kept.
public struct MetricsLogError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String
  public var description: String { "\(path): \(reason)" }
}
