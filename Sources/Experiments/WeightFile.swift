import Torch

/// Weights from a file, whatever wrote it: safetensors, a checkpoint of ours, or `torch.save`.
///
/// What the file is, its content says, not its name. Nothing in it is run.
public struct WeightFile: Sendable {
  public let path: String
  public let tensors: NamedTensors
  /// What was left out or chosen, a sentence each.
  public let notes: [String]

  /// - Parameter key: which dictionary of a PyTorch file, where it has several.
  /// - Throws: `SafetensorsError`, `PyTorchArchiveError`, or ``UsageError`` for a key where there is none.
  public init(_ path: String, key: String? = nil) throws {
    self.path = path
    var notes: [String] = []
    var tensors: NamedTensors
    if PyTorchArchive.recognizes(path) {
      let archive = try PyTorchArchive(contentsOf: path)
      let chosen = try archive.stateDict(key)
      tensors = try archive.tensors(of: chosen)
      if !chosen.key.isEmpty { notes.append("read the tensors under '\(chosen.key)'") }
    } else {
      guard key == nil else {
        throw UsageError("\(path): --key is for PyTorch's files; this one has no dictionaries")
      }
      // A checkpoint of ours has its optimiser's state beside the weights.
      tensors = try Self.safetensors(path).filter { !$0.hasPrefix("optimizer.") }
    }
    let prefix = "module."
    if !tensors.isEmpty, tensors.names.allSatisfy({ $0.hasPrefix(prefix) }) {
      tensors = NamedTensors(
        tensors.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) })
      notes.append("left out the prefix 'module.' that DataParallel puts before every name")
    }
    self.tensors = tensors
    self.notes = notes
  }

  private static func safetensors(_ path: String) throws -> NamedTensors {
    do throws(SafetensorsError) { return try Safetensors.read(from: path).tensors } catch {
      // What is called as PyTorch's files are had better be told what those look like.
      if [".pth", ".pt", ".pth.tar"].contains(where: path.hasSuffix) {
        _ = try PyTorchArchive(contentsOf: path)
      }
      throw error
    }
  }

  /// The same tensors under the release's names, for a network of ours.
  ///
  /// - Parameter names: the network's.
  /// - Throws: ``LoadError`` where the names are neither the release's nor SpikingJelly's.
  func tensors(for names: WeightNames) throws(LoadError) -> NamedTensors {
    let given = tensors.names
    guard let naming = names.naming(of: given) else {
      let nearest = WeightNaming.allCases.max {
        names.likeness(to: given, $0) < names.likeness(to: given, $1)
      }!
      // The release's names are compared again, and told of, when the network takes the weights.
      guard nearest == .spikingjelly else { return tensors }
      let (missing, unknown) = names.differences(from: given, nearest)
      throw LoadError(
        path: path, reason: SpikingJellyNamesError(missing: missing, unknown: unknown))
    }
    return renamed(names, from: naming, to: .release)
  }

  func renamed(
    _ names: WeightNames, from old: WeightNaming, to new: WeightNaming
  ) -> NamedTensors {
    NamedTensors(tensors.map { (names.renamed($0.name, from: old, to: new), $0.tensor) })
  }
}

/// Names that begin as SpikingJelly's for the network, and do not all fit.
public struct SpikingJellyNamesError: Error, Equatable, CustomStringConvertible {
  public let missing: [String]
  public let unknown: [String]

  public var description: String {
    "the weights under SpikingJelly's names belong to another network: "
      + WeightNamesError.differences(missing, unknown)
      + "; name the model that they were made for. SpikingJelly's stock VGG has three linear layers "
      + "and max pooling: it is none of ours"
  }
}
