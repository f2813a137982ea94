import Foundation

/// A data set as its publisher has it: what it is, where its official files are, and how to tell them from
/// damaged ones.
///
/// ``all`` is the catalogue. An entry says nothing of pixels in memory: images in folders or events would be
/// entries like these, with a ``PublishedDataset/Packing`` and a reader of their own.
public struct PublishedDataset: Hashable, Sendable {
  /// A file at a fixed length and with fixed content.
  public struct File: Hashable, Sendable {
    /// Relative to the data set's folder; its last part is its name at the publisher's.
    public let path: String
    /// Nil where no source states it.
    public let byteCount: Int?
    /// What is known of its content, the strongest first.
    public let digests: [Digest]
    /// Of what a `.gz` file unpacks to: other tools pack the same content into other bytes.
    public let contentDigest: Digest?

    public init(
      _ path: String, byteCount: Int? = nil, digests: [Digest] = [], contentDigest: Digest? = nil
    ) {
      self.path = path
      self.byteCount = byteCount
      self.digests = digests
      self.contentDigest = contentDigest
    }
  }

  /// What the publisher offers.
  public enum Packing: Hashable, Sendable {
    /// The files themselves.
    case files
    /// One `.tar.gz` archive that holds them.
    case archive(File)
  }

  /// Its name on the command line, and its folder's.
  public let name: String
  public let title: String
  /// One line on where it comes from.
  public let credit: String
  public let shape: ImageDataset.Shape
  public let classes: Int
  public let trainCount: Int
  public let testCount: Int
  /// The official folder of the files, for people and for ``downloads``.
  public let address: URL
  public let packing: Packing
  /// What lies in the data set's folder in the end.
  public let files: [File]

  public init(
    name: String, title: String, credit: String, shape: ImageDataset.Shape, classes: Int,
    trainCount: Int, testCount: Int, address: URL, packing: Packing, files: [File]
  ) {
    self.name = name
    self.title = title
    self.credit = credit
    self.shape = shape
    self.classes = classes
    self.trainCount = trainCount
    self.testCount = testCount
    self.address = address
    self.packing = packing
    self.files = files
  }

  /// What is to be fetched.
  public var downloads: [File] {
    switch packing {
    case .files: files
    case .archive(let archive): [archive]
    }
  }

  /// How many bytes are to be fetched.
  public var downloadByteCount: Int { downloads.compactMap(\.byteCount).reduce(0, +) }

  public func count(of split: ImageDataset.Split) -> Int {
    split == .train ? trainCount : testCount
  }

  /// The entry of this name.
  ///
  /// - Throws: with a suggestion where a known name is near.
  public static func named(_ name: String) throws(DatasetError) -> PublishedDataset {
    if let entry = all.first(where: { $0.name == name }) { return entry }
    let names = all.map(\.name)
    throw DatasetError(
      .missing, "data set '\(name)'", expected: "one of \(names.joined(separator: ", "))",
      found: "an unknown name",
      remedy: name.nearest(in: names).map { "Write \($0) if that is what you mean" }
        ?? "Write one of these; others can be read as tensors:FILE")
  }

  /// Where it is put when it is fetched, unless the user names another folder: the place of its own kind that
  /// is searched first (`$SPIKEGUARD_DATA`, `.deps/data` where `.deps` exists, the user's cache).
  public func folderToKeep(
    currentFolder: URL = URL(fileURLWithPath: FileManager.default.currentDirectoryPath),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DatasetError) -> URL {
    if let folder = DatasetPlaces.toKeep(name, in: currentFolder, environment: environment) {
      return folder
    }
    throw DatasetError(
      .missing, name, expected: "a folder to keep data in", found: "no HOME in the environment",
      remedy: "Name a folder with --to")
  }
}
