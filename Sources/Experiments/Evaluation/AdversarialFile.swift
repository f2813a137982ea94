import Attacks
import Datasets
import Foundation
import Torch
import Training

/// Adversarial images in a file that anyone can check again: safetensors with a claim for each image.
///
/// | tensor | |
/// |---|---|
/// | `images` | `[N, C, H, W]` float32: the changed image, or the original where none is claimed |
/// | `labels` | `[N]` int64: the true classes |
/// | `indices` | `[N]` int64: places in the data set's split |
/// | `predictions` | `[N]` int64: the class that the network says of each, the claim |
/// | `clean_predictions` | `[N]` int64: the class that it says of each original; an error there is one under attack |
///
/// The header's metadata hold ``Facts`` as JSON under `facts`, beside `format: spikeguard-adversarial`.
public struct AdversarialFile: Sendable {
  public var images: Tensor
  public var labels: [Int]
  public var indices: [Int]
  public var predictions: [Int]
  public var cleanPredictions: [Int]
  public var facts: Facts

  /// What the claim depends on.
  public struct Facts: Codable, Equatable, Sendable {
    public var spikeguard = Spikeguard.version
    public var threat: ThreatModel
    /// The attacked images as one set; places are those in the split that it begins.
    public var dataset: DatasetFacts
    /// ``ImageDataset/digest(at:)`` of the originals.
    public var originals: String
    /// ``LoadedNetwork/digest()``
    public var network: String
    /// Images in a batch when they were classified, in the file's order: rounding depends on it.
    public var batchSize: Int
    /// Of the engine; rounding depends on them, too.
    public var threads: Int
    /// Passes whose majority the prediction is; 1 for a network that draws no random numbers.
    public var passes: Int
    /// Of the passes' random numbers.
    public var seed: UInt64
    /// Whether every stage of the suite was run to its end.
    public var isComplete: Bool
  }

  static let format = "spikeguard-adversarial"

  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try Safetensors.write(
      [
        "images": images, "labels": Tensor(labels), "indices": Tensor(indices),
        "predictions": Tensor(predictions), "clean_predictions": Tensor(cleanPredictions),
      ],
      metadata: [
        "format": Self.format, "facts": String(decoding: try encoder.encode(facts), as: UTF8.self),
      ], to: path)
  }

  public init(
    images: Tensor, labels: [Int], indices: [Int], predictions: [Int], cleanPredictions: [Int],
    facts: Facts
  ) {
    self.images = images
    self.labels = labels
    self.indices = indices
    self.predictions = predictions
    self.cleanPredictions = cleanPredictions
    self.facts = facts
  }

  /// Reads a file. What its images are worth is for ``AdversarialCheck`` to say.
  ///
  /// - Throws: `SafetensorsError` for a file that is none, ``AdversarialFileError`` for one that holds something else.
  public init(contentsOf path: String) throws {
    let file = try Safetensors.read(from: path)
    guard file.metadata["format"] == Self.format, let json = file.metadata["facts"] else {
      throw AdversarialFileError(
        path, expected: "adversarial images with the metadata 'format' and 'facts'",
        found: file.metadata.isEmpty
          ? "no metadata" : file.metadata.keys.sorted().joined(separator: ", "),
        remedy: "name what `spikeguard evaluate --save-adversarial` wrote")
    }
    do {
      facts = try JSONDecoder().decode(Facts.self, from: Data(json.utf8))
    } catch {
      throw AdversarialFileError(
        path, expected: "facts that this version knows",
        found: (error as? DecodingError)?.summary ?? "\(error)",
        remedy: "use the version that wrote the file")
    }
    guard facts.batchSize >= 1, facts.passes >= 1, (1...1024).contains(facts.threads) else {
      throw AdversarialFileError(
        path, expected: "positive numbers of images in a batch, passes and threads (up to 1024)",
        found: "\(facts.batchSize), \(facts.passes) and \(facts.threads)",
        remedy: "write the file again")
    }
    images = try Self.tensor("images", "float32 [N, C, H, W]", 4, .float32, in: file.tensors, path)
    let count = images.size(0)
    func numbers(_ name: String) throws(AdversarialFileError) -> [Int] {
      let tensor = try Self.tensor(name, "int64 [\(count)]", 1, .int64, in: file.tensors, path)
      guard tensor.count == count else {
        throw AdversarialFileError(
          path, expected: "tensor '\(name)' int64 [\(count)], one for each image",
          found: "\(tensor.shape)", remedy: "write the file again")
      }
      return tensor.scalars(of: Int.self)
    }
    labels = try numbers("labels")
    indices = try numbers("indices")
    predictions = try numbers("predictions")
    cleanPredictions = try numbers("clean_predictions")
  }

  private static func tensor(
    _ name: String, _ layout: String, _ rank: Int, _ dtype: DType, in tensors: NamedTensors,
    _ path: String
  ) throws(AdversarialFileError) -> Tensor {
    guard let tensor = tensors[name], tensor.rank == rank, tensor.dtype == dtype else {
      throw AdversarialFileError(
        path, expected: "tensor '\(name)' \(layout)",
        found: tensors[name].map { "\($0.dtype) \($0.shape)" }
          ?? "only \(tensors.names.sorted().joined(separator: ", "))",
        remedy: "write the file again with `spikeguard evaluate --save-adversarial`")
    }
    return tensor
  }
}

/// A file of adversarial images that cannot be checked: it is another file, or belongs to other data or another
/// network.
public struct AdversarialFileError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let expected: String
  public let found: String
  public let remedy: String

  init(_ path: String, expected: String, found: String, remedy: String) {
    self.path = path
    self.expected = expected
    self.found = found
    self.remedy = remedy
  }

  public var description: String { "\(path): expected \(expected), found \(found); \(remedy)" }
}
