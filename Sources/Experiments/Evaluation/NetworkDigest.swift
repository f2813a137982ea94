import Datasets
import Foundation
import Layers
import Spiking
import Torch

extension LoadedNetwork {
  /// SHA-256 over the recipe, and name, type, shape and bytes of every weight in the order of names: the same
  /// function has the same digest, whatever file it is from.
  ///
  /// - Throws: an `EncodingError` for a recipe with NaN.
  public func digest() throws -> String {
    let stream = DigestStream(.sha256)
    try recipe.json().withUnsafeBytes(stream.append)
    for (name, tensor) in network.weights.sorted(by: { $0.name < $1.name }) {
      Array("\(name) \(tensor.dtype) \(tensor.shape)\n".utf8).withUnsafeBytes(stream.append)
      tensor.detached().withBytes(stream.append)
    }
    return stream.finish().hexadecimal
  }
}

extension ImageDataset {
  /// SHA-256 over pixels, as float32 in [0, 1], and labels of the images at these places: data sets that hand out the
  /// same numbers have the same digest, however they are stored.
  public func digest(at places: [Int]) -> String {
    let stream = DigestStream(.sha256)
    for start in stride(from: 0, to: places.count, by: 256) {
      let part = places[start..<min(start + 256, places.count)]
      images(at: part).withBytes(stream.append)
      labels(at: part).withBytes(stream.append)
    }
    return stream.finish().hexadecimal
  }
}
