import Datasets
import Foundation
import Torch

/// Data sets by the names that the command line takes.
public enum DataAccess {
  /// Reads a split of what ``DatasetSource`` knows: `cifar10`, `mnist:FOLDER`, `tensors:FILE` and so on.
  ///
  /// - Parameters:
  ///   - limit: keep only the first images; nil for all.
  ///   - option: what the limit is called in an error text.
  public static func load(
    _ text: String, _ split: ImageDataset.Split, limit: Int? = nil, option: String = "--limit"
  ) throws -> ImageDataset {
    if let limit, limit < 1 {
      throw UsageError("\(option): expected at least 1 image, found \(limit)")
    }
    let source = try DatasetSource(text)
    let dataset = try source.load(split, roots: roots) { url in
      try Safetensors.read(from: url.path).tensors
    }
    return limit.map { dataset.prefix($0) } ?? dataset
  }

  /// Checks that a network for the training images takes the test images too.
  static func checkAlike(_ train: ImageDataset, _ test: ImageDataset) throws(UsageError) {
    guard train.shape == test.shape, test.classes <= train.classes else {
      throw UsageError(
        "\(train.name): expected test images like the training images (\(train.shape), "
          + "\(train.classes) classes), found \(test.shape), \(test.classes) classes; take both "
          + "from the same data set")
    }
  }

  /// Reads both splits of one data set.
  public static func loadBoth(
    _ text: String, trainLimit: Int? = nil, testLimit: Int? = nil,
    options: (train: String, test: String) = ("--train-limit", "--test-limit")
  ) throws -> (train: ImageDataset, test: ImageDataset) {
    let train = try load(text, .train, limit: trainLimit, option: options.train)
    let test = try load(text, .test, limit: testLimit, option: options.test)
    try checkAlike(train, test)
    return (train, test)
  }

  /// The folder that a known data set is read from when only its name is given.
  ///
  /// - Throws: the text that lists where it was looked for.
  public static func folder(of dataset: PublishedDataset) throws(DatasetError) -> URL {
    try dataset.installedFolder(roots: roots)
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
