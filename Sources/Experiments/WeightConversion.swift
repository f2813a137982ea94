import Torch

/// A file of weights, read and written again as safetensors under the names that are wanted.
public struct WeightConversion: Sendable {
  /// The model whose names these are.
  public let model: String
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
    _ path: String, to naming: WeightNaming, model: String? = nil, key: String? = nil
  ) throws {
    let file = try WeightFile(path, key: key)
    let (model, names, found) = try WeightNames.recognize(file, model: model)
    guard names.names(naming) != nil else {
      throw UsageError(
        "\(path): SpikingJelly has no network like \(model), so there are no names of its own; use "
          + "--naming release")
    }
    self.model = model
    self.found = found
    written = naming
    tensors = file.renamed(names, from: found, to: naming)
    notes = file.notes
  }

  public func write(to path: String) throws {
    try Safetensors.write(
      tensors,
      metadata: ["format": "pt", "model": model, "naming": written.rawValue], to: path)
  }
}
