import Datasets
import Torch

extension Checkpoint {
  /// SHA-256 over the manifest and every tensor: name, type, shape and bytes, in the order of names.
  ///
  /// A file's length and format do not tell that a bit of a tensor has changed on the disk; this does.
  static func digest(of tensors: NamedTensors, manifest: String) -> String {
    let stream = DigestStream(.sha256)
    func append(_ text: String) { Array((text + "\n").utf8).withUnsafeBytes(stream.append) }
    append(manifest)
    for (name, tensor) in tensors.sorted(by: { $0.name < $1.name }) {
      append("\(name) \(tensor.dtype) \(tensor.shape)")
      tensor.withBytes(stream.append)
    }
    return stream.finish().hexadecimal
  }
}
