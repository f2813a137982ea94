import Foundation

/// A folder that results go into. Made when it is missing; what is in it stays.
public struct OutputFolder: Sendable {
  public let path: String

  /// - Throws: ``OutputError`` when it cannot be made or written to.
  public init(_ path: String) throws(OutputError) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw OutputError(path: path, reason: "the folder cannot be made")
    }
    let probe = path + "/.spikeguard-\(ProcessInfo.processInfo.processIdentifier)"
    guard FileManager.default.createFile(atPath: probe, contents: nil) else {
      throw OutputError(path: path, reason: "the folder cannot be written to")
    }
    try? FileManager.default.removeItem(atPath: probe)
  }

  public func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file as a whole or not at all.
  public static func write(_ data: Data, to path: String) throws(OutputError) {
    do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw OutputError(path: path, reason: "the file cannot be written")
    }
  }
}

/// A place that results cannot be written to.
public struct OutputError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String
  public var description: String {
    "\(path): \(reason); check that it is a folder of yours with space left, or name another"
  }
}
