import Foundation
import Torch

/// A network's weights, its optimiser's state and a manifest that says how they came about, in one file.
///
/// The file is safetensors: weights under their own names, so any tool reads them, optimiser state under
/// `optimizer.…`, and the manifest as JSON in the header's metadata, with a digest of both. It is replaced atomically: an
/// interrupted write leaves the checkpoint before it.
public struct Checkpoint<Manifest: Codable & Sendable>: Sendable {
  public var weights: NamedTensors
  public var optimizerState: NamedTensors
  public var manifest: Manifest

  public init(weights: NamedTensors, optimizerState: NamedTensors = [:], manifest: Manifest) {
    self.weights = weights
    self.optimizerState = optimizerState
    self.manifest = manifest
  }

  public func write(to path: String) throws {
    var tensors = weights.map { $0.detached() }
    tensors.merge(optimizerState.prefixed("optimizer."))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let json = String(decoding: try encoder.encode(manifest), as: UTF8.self)
    try Safetensors.write(
      tensors,
      metadata: [
        "format": "spikeguard-checkpoint", "manifest": json,
        "sha256": Self.digest(of: tensors, manifest: json),
      ], to: path)
  }

  /// - Throws: ``CheckpointError`` when the content is not what was written, or when the file holds weights but no manifest of ours, `SafetensorsError` when
  ///   it is no valid safetensors file.
  public init(contentsOf path: String) throws {
    let file = try Safetensors.read(from: path)
    guard let json = file.metadata["manifest"], let expected = file.metadata["sha256"],
      file.metadata["format"] == "spikeguard-checkpoint"
    else { throw CheckpointError.noManifest(path: path) }
    let found = Self.digest(of: file.tensors, manifest: json)
    guard found == expected else {
      throw CheckpointError.damaged(path: path, expected: expected, found: found)
    }
    do {
      manifest = try JSONDecoder().decode(Manifest.self, from: Data(json.utf8))
    } catch {
      let reason = (error as? DecodingError)?.summary ?? "\(error)"
      throw CheckpointError.unreadableManifest(path: path, reason: reason)
    }
    weights = file.tensors.filter { !$0.hasPrefix("optimizer.") }
    optimizerState = NamedTensors(
      file.tensors.filter { $0.hasPrefix("optimizer.") }
        .map { (String($0.name.dropFirst("optimizer.".count)), $0.tensor) })
  }
}
