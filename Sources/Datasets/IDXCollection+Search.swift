import Foundation

extension IDXCollection {
  /// Finds a split's two files without reading them.
  ///
  /// With a folder given only that one is looked at: what a user names is never silently replaced. Without
  /// one the first of these that holds both files is taken: `$SPIKEGUARD_DATA/NAME`, `.deps/data/NAME` under
  /// each root, the user's cache, `/usr/share/datasets/NAME` (where Debian's packages put them).
  ///
  /// - Parameters:
  ///   - roots: nil stands for the current directory.
  public func locate(
    _ split: ImageDataset.Split, in folder: URL? = nil, roots: [URL]? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DatasetError) -> (images: URL, labels: URL) {
    let folders =
      folder.map { [$0] }
      ?? DatasetPlaces.toSearch(name, roots: roots, environment: environment)
    let (images, labels) = split == .train ? Self.trainFiles : Self.testFiles
    for folder in folders {
      if let images = file(images, in: folder), let labels = file(labels, in: folder) {
        return (images, labels)
      }
    }
    throw DatasetError(
      .missing, name, expected: "\(images) and \(labels), plain or .gz",
      found: folders.map { absence(of: [images, labels], from: $0) }.joined(separator: ", "),
      remedy: remedy)
  }

  private static let trainFiles = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
  private static let testFiles = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

  private func file(_ base: String, in folder: URL) -> URL? {
    Self.spellings(of: base).map { folder.appendingPathComponent($0) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// The names that a file may have. Plain files come first: they take no time to unpack.
  static func spellings(of base: String) -> [String] {
    let names = [base, base.replacing("-idx", with: ".idx")]
    return ["", ".gz"].flatMap { suffix in names.map { $0 + suffix } }
  }

  private func absence(of files: [String], from folder: URL) -> String {
    guard FileManager.default.fileExists(atPath: folder.path) else {
      return "no folder \(folder.path)"
    }
    let absent = files.filter { file($0, in: folder) == nil }
    return "no \(absent.joined(separator: " or ")) in \(folder.path)"
  }
}
