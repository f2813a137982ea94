import Foundation
import Torch

/// Which data a command works on, as a user names it: `fashion-mnist`, `mnist`, `cifar10`, `cifar100`, each
/// with `:FOLDER` or without, or `tensors:FILE`.
///
/// A new format adds a case here, its form to ``forms`` and its reader.
public enum DatasetSource: Hashable, Sendable {
  /// A known data set, in a folder or, where that is nil, in one of the usual places.
  case collection(IDXCollection, folder: URL?)
  /// CIFAR-10 or CIFAR-100, likewise.
  case cifar(CIFARCollection, folder: URL?)
  /// A file with the tensors `images` and `labels`.
  case tensors(URL)

  /// What may be written, for help and error texts.
  public static let forms =
    names.map { $0 + "[:FOLDER]" } + ["tensors:FILE"]

  /// The data sets that can be asked for by name.
  public static let names = IDXCollection.all.map(\.name) + CIFARCollection.all.map(\.name)

  /// - Throws: with a suggestion where a known name is near.
  public init(_ text: String) throws(DatasetError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let path = parts.count == 2 ? String(parts[1]) : nil
    let url = path.map { URL(fileURLWithPath: NSString(string: $0).expandingTildeInPath) }
    guard path != "" else {
      throw Self.misspelt(text, "nothing after the colon", "Name the path")
    }

    if let collection = IDXCollection.all.first(where: { $0.name == name }) {
      self = .collection(collection, folder: url)
    } else if let collection = CIFARCollection.all.first(where: { $0.name == name }) {
      self = .cifar(collection, folder: url)
    } else if name == "tensors" {
      guard let url else { throw Self.misspelt(text, "no file", "Write tensors:FILE") }
      self = .tensors(url)
    } else {
      let known = Self.names + ["tensors"]
      let isFile = text.hasSuffix(".safetensors")
      let meant =
        isFile
        ? "Write tensors:\(text)"
        : name.nearest(in: known).map { "Write \($0) if that is what you mean" }
      throw Self.misspelt(text, "an unknown name", meant ?? "Write one of these")
    }
  }

  /// Reads a split. A file of tensors is a single set: it is read for either split.
  ///
  /// - Parameters:
  ///   - roots: folders whose `.deps/data` is looked at; nil stands for the current directory.
  ///   - read: reads a file of named tensors; `Torch` has the format.
  public func load(
    _ split: ImageDataset.Split, roots: [URL]? = nil, reading read: (URL) throws -> NamedTensors
  ) throws -> ImageDataset {
    switch self {
    case .collection(let collection, let folder):
      return try collection.load(split, from: folder, roots: roots)
    case .cifar(let collection, let folder):
      return try collection.load(split, from: folder, roots: roots)
    case .tensors(let file):
      let name = file.deletingPathExtension().lastPathComponent
      return try ImageDataset(read(file), from: file.path, name: name, split: split)
    }
  }

  private static func misspelt(_ text: String, _ found: String, _ remedy: String) -> DatasetError {
    DatasetError(
      .missing, "data set '\(text)'", expected: "one of \(forms.joined(separator: ", "))",
      found: found, remedy: remedy)
  }
}

extension DatasetSource: CustomStringConvertible {
  /// As a user writes it.
  public var description: String {
    switch self {
    case .collection(let collection, let folder):
      folder.map { "\(collection.name):\($0.path)" } ?? collection.name
    case .cifar(let collection, let folder):
      folder.map { "\(collection.name):\($0.path)" } ?? collection.name
    case .tensors(let file): "tensors:\(file.path)"
    }
  }
}
