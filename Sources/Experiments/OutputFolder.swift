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
      throw OutputError(
        path: path, expected: "a folder, or a place for one", found: OutputFile.obstacle(to: path),
        remedy: "name another folder")
    }
    let probe = path + "/.spikeguard-\(ProcessInfo.processInfo.processIdentifier)"
    guard FileManager.default.createFile(atPath: probe, contents: nil) else {
      throw OutputError(
        path: path, expected: "a folder that can be written to", found: "one that cannot",
        remedy: "check its permissions and the space left, or name another folder")
    }
    try? FileManager.default.removeItem(atPath: probe)
  }

  /// A folder that is looked at and not made.
  init(existing path: String) { self.path = path }

  public func file(_ name: String) -> String { path + "/" + name }

  /// - Throws: ``OutputError`` when one of these files is there already.
  public func refuseExisting(_ names: [String], remedy: String) throws(OutputError) {
    for name in names where FileManager.default.fileExists(atPath: file(name)) {
      throw OutputError(
        path: file(name), expected: "no earlier run's file", found: "one", remedy: remedy)
    }
  }
}

/// A place that results cannot be written to.
public struct OutputError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let expected: String
  public let found: String
  public let remedy: String
  public var description: String { "\(path): expected \(expected), found \(found); \(remedy)" }
}
