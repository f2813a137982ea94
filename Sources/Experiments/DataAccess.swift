import Datasets
import Foundation
import Torch

/// Data sets by the names that the command line takes.
public enum DataAccess {
  /// Reads a split of `fashion-mnist`, `mnist`, `mnist:FOLDER` or `tensors:FILE`.
  ///
  /// - Parameter limit: keep only the first images; nil for all.
  public static func load(
    _ text: String, _ split: ImageDataset.Split, limit: Int? = nil
  ) throws -> ImageDataset {
    let source = try DatasetSource(text)
    let dataset = try source.load(split, roots: roots) { url in
      try Safetensors.read(from: url.path).tensors
    }
    guard let limit else { return dataset }
    guard limit >= 1 else { throw UsageError("--limit: expected at least 1 image, got \(limit)") }
    return dataset.prefix(limit)
  }

  /// Where `.deps/data` may lie: the current folder and those above the running program.
  static var roots: [URL] { [currentFolder] + foldersAbove(executable) }

  static var currentFolder: URL { URL(fileURLWithPath: FileManager.default.currentDirectoryPath) }

  static var executable: URL {
    let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    return URL(fileURLWithPath: path ?? CommandLine.arguments[0])
  }

  static func foldersAbove(_ file: URL) -> [URL] {
    var folders: [URL] = []
    var folder = file.deletingLastPathComponent()
    while folder.path != "/" {
      folders.append(folder)
      folder.deleteLastPathComponent()
    }
    return folders
  }
}

/// Options that do not fit together, or values out of range: the user's to mend.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
