import Models
import Torch

/// A file of weights, read and written again as safetensors under the names that are wanted.
public struct WeightConversion: Sendable {
  /// The model whose names these are.
  public let model: ModelName
  /// Where the stem decides between networks of other names: ResNet's.
  public let stem: Stem?
  public let found: WeightNaming
  public let written: WeightNaming
  public let tensors: NamedTensors
  public let notes: [String]

  /// - Parameters:
  ///   - model: what the weights are of; nil to tell it from the names.
  ///   - key: which dictionary of a PyTorch file, where it has several.
  /// - Throws: the errors of ``WeightFile``, and ``LoadError`` where the names are no network's of ours or
  ///   SpikingJelly has no such network.
  public init(
    _ path: String, to naming: WeightNaming, model: ModelName? = nil, key: String? = nil
  ) throws {
    let file = try WeightFile(path, key: key)
    let (network, found) = try NamedNetwork.recognize(file, model: model)
    guard network.names.names(naming) != nil else {
      throw UsageError(
        "\(path): SpikingJelly has no network like \(network.description), so it has no names for it; "
          + "use --naming release")
    }
    self.model = network.model
    stem = network.stem
    self.found = found
    written = naming
    tensors = file.renamed(network.names, from: found, to: naming)
    notes = file.notes
  }

  public func write(to path: String) throws {
    var metadata = ["format": "pt", "model": model.rawValue, "naming": written.rawValue]
    if let stem { metadata["stem"] = stem.rawValue }
    try Safetensors.write(tensors, metadata: metadata, to: path)
  }
}
