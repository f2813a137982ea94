import Foundation

/// Krizhevsky's 32×32 colour pictures in their binary version: 50,000 to learn from and 10,000 to test on.
public struct CIFARCollection: Hashable, Sendable {
  /// Its name on the command line, and its folder's.
  public let name: String
  public let layout: CIFARLayout
  /// The folder that the published archive makes.
  public let innerFolder: String
  public let trainFiles: [String]
  public let testFiles: [String]
  /// The file with the names of the classes.
  public let classFile: String
  /// How many images each file holds.
  let recordsPerFile: [ImageDataset.Split: Int]

  public static let cifar10 = CIFARCollection(
    name: "cifar10", layout: .ten, innerFolder: "cifar-10-batches-bin",
    trainFiles: (1...5).map { "data_batch_\($0).bin" }, testFiles: ["test_batch.bin"],
    classFile: "batches.meta.txt", recordsPerFile: [.train: 10_000, .test: 10_000])

  /// With the 100 fine classes.
  public static let cifar100 = CIFARCollection(
    name: "cifar100", layout: .hundred, innerFolder: "cifar-100-binary",
    trainFiles: ["train.bin"], testFiles: ["test.bin"], classFile: "fine_label_names.txt",
    recordsPerFile: [.train: 50_000, .test: 10_000])

  /// All that can be asked for by name.
  public static let all = [cifar10, cifar100]

  /// Finds a split's files without reading them. The folder may be the one with the files or the one above.
  ///
  /// With a folder given only that one is looked at: what a user names is never silently replaced.
  ///
  /// - Parameter roots: folders whose `.deps/data` is looked at; nil stands for the current directory.
  public func locate(
    _ split: ImageDataset.Split, in folder: URL? = nil, roots: [URL]? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DatasetError) -> (records: [URL], classes: URL) {
    let places =
      folder.map { [$0] }
      ?? DatasetPlaces.toSearch(name, roots: roots, environment: environment)
    let names = (split == .train ? trainFiles : testFiles) + [classFile]
    let folders = places.flatMap { [$0, $0.appendingPathComponent(innerFolder)] }
    for folder in folders where names.allSatisfy({ exists($0, in: folder) }) {
      let files = names.map { folder.appendingPathComponent($0) }
      return (Array(files.dropLast()), files.last!)
    }
    throw DatasetError(
      .missing, name, expected: "\(names.joined(separator: ", "))",
      found: places.map { absence(of: names, from: $0) }.joined(separator: ", "),
      remedy: "Run spikeguard data fetch \(name), or name the folder as \(name):FOLDER")
  }

  /// Reads a split; see ``locate(_:in:roots:environment:)`` for where it is looked for.
  public func load(
    _ split: ImageDataset.Split, from folder: URL? = nil, roots: [URL]? = nil
  ) throws(DatasetError) -> ImageDataset {
    let files = try locate(split, in: folder, roots: roots)
    return try ImageDataset(
      cifar: files.records, layout: layout, recordsPerFile: recordsPerFile[split]!,
      classFile: files.classes, name: name, split: split)
  }

  private func exists(_ file: String, in folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path)
  }

  private func absence(of files: [String], from place: URL) -> String {
    let inner = place.appendingPathComponent(innerFolder)
    let isThere = { (folder: URL) in FileManager.default.fileExists(atPath: folder.path) }
    guard isThere(place) else { return "no folder \(place.path)" }
    let folder = isThere(inner) ? inner : place
    let absent = files.filter { !exists($0, in: folder) }
    return "no \(absent.joined(separator: " or ")) in \(folder.path)"
  }
}
