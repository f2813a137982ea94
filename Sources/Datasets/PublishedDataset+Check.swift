import Foundation
import Torch

extension PublishedDataset {
  /// What became of a published file on this disk.
  public enum FileState: Hashable, Sendable {
    /// Its content is the published one, as this says.
    case intact(String)
    /// It is there and as long as it should be, but no digest is known that could prove it.
    case unproven
    case damaged(expected: String, found: String)
    case missing

    /// Whether it can be used.
    public var isGood: Bool {
      switch self {
      case .intact, .unproven: true
      case .damaged, .missing: false
      }
    }
  }

  /// Compares every file with what is known of it, byte for byte where a digest is known.
  ///
  /// Beside the catalogue's digests, those that ``DatasetFetch`` wrote into `SHA256SUMS` count: it computes
  /// them from an archive whose own digest was right.
  public func check(in folder: URL) throws(DatasetError) -> [(file: File, state: FileState)] {
    // The folder may be the one that the archive makes; the list lies beside it.
    let isInner = files.allSatisfy { $0.path.hasPrefix(folder.lastPathComponent + "/") }
    let sums = DigestList(in: isInner ? folder.deletingLastPathComponent() : folder)
    var result: [(file: File, state: FileState)] = []
    for file in files { result.append((file, try state(of: file, in: folder, sums))) }
    return result
  }

  func state(
    of file: File, in folder: URL, _ sums: DigestList
  ) throws(DatasetError) -> FileState {
    guard let place = file.find(in: folder) else { return .missing }
    let found = try Digest.of(contentsOf: place, [.sha256, .md5])
    if let known = file.digests.first(where: found.contains), place.lastPathComponent == file.name {
      return .intact(known.algorithm.rawValue)
    }
    if sums[file.path] == found[0] { return .intact("SHA-256 of the fetched archive's file") }
    if let content = file.contentDigest {
      let held = try InputFile(place).contentDigest(content.algorithm)
      if held == content { return .intact("\(content.algorithm.rawValue) of the content") }
      return .damaged(expected: "content of \(content)", found: held?.hexadecimal ?? "bad gzip")
    }
    if let known = file.digests.first {
      return .damaged(
        expected: known.description,
        found: found.first { $0.algorithm == known.algorithm }!.hexadecimal)
    }
    if let sum = sums[file.path] {
      return .damaged(expected: sum.description, found: found[0].hexadecimal)
    }
    let byteCount = try InputFile(place).byteCount
    guard file.byteCount == nil || file.byteCount == byteCount else {
      return .damaged(expected: "\(file.byteCount!) bytes", found: "\(byteCount)")
    }
    return .unproven
  }

  /// Reads both splits as a command would, and compares them with what the catalogue says.
  ///
  /// - Throws: what the reader finds, or what differs.
  public func checkStructure(in folder: URL) throws {
    let source = try DatasetSource("\(name):\(folder.path)")
    for split in ImageDataset.Split.allCases {
      let data = try source.load(split) { _ in NamedTensors() }
      let found = (data.count, data.shape, data.classes)
      guard found == (count(of: split), shape, classes) else {
        throw DatasetError(
          .shape, folder.path,
          expected: "\(count(of: split)) \(split.rawValue) images \(shape), \(classes) classes",
          found: "\(data.count) of \(data.shape), \(data.classes) classes",
          remedy: "Fetch the data set again")
      }
    }
  }

  /// The folder that the data set would be read from, where it is anywhere.
  ///
  /// - Throws: when it is nowhere: the reader's own text, which lists the places.
  public func installedFolder(
    roots: [URL]? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DatasetError) -> URL {
    if let collection = IDXCollection.all.first(where: { $0.name == name }) {
      let find = { (split: ImageDataset.Split) throws(DatasetError) in
        try collection.locate(split, roots: roots, environment: environment).images
      }
      _ = try find(.test)
      return try find(.train).deletingLastPathComponent()
    }
    if let collection = CIFARCollection.all.first(where: { $0.name == name }) {
      let find = { (split: ImageDataset.Split) throws(DatasetError) in
        try collection.locate(split, roots: roots, environment: environment).classes
      }
      _ = try find(.test)
      let folder = try find(.train).deletingLastPathComponent()
      let isInner = folder.lastPathComponent == collection.innerFolder
      return isInner ? folder.deletingLastPathComponent() : folder
    }
    throw DatasetError(
      .missing, name, expected: "a data set with a reader", found: "none",
      remedy: "Name the folder")
  }
}

extension PublishedDataset.File {
  /// The last part of ``path``.
  public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Where the readers would take it from: under each of its names, in the folder or one below.
  func find(in folder: URL) -> URL? {
    let isIDX = name.hasSuffix("-ubyte.gz")
    let names = isIDX ? IDXCollection.spellings(of: String(name.dropLast(3))) : [name]
    return (names + [path]).map { folder.appendingPathComponent($0) }
      .first { FileManager.default.fileExists(atPath: $0.path) }
  }
}

extension InputFile {
  /// The digest of what the file unpacks to; nil where its gzip data are damaged or cut off.
  func contentDigest(_ algorithm: Digest.Algorithm) throws(DatasetError) -> Digest? {
    let stream = DigestStream(algorithm)
    while true {
      let bytes: [UInt8]
      do { bytes = try read(1 << 20) } catch {
        guard error.kind == .corrupt else { throw error }
        return nil
      }
      bytes.withUnsafeBytes(stream.append)
      if bytes.count < 1 << 20 { return isCutOff ? nil : stream.finish() }
    }
  }
}
