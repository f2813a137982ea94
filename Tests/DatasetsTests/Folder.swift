import CZlib
import Datasets
import Foundation
import TestSupport
import Torch

/// A temporary folder that goes when the value goes.
final class Folder {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("datasets-\(UUID().uuidString)")

  init() { try! FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: url) }

  @discardableResult func write(_ content: Data, to name: String) -> URL {
    let file = url.appendingPathComponent(name)
    try! FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try! content.write(to: file)
    return file
  }
}

/// One gzip member.
func gzipped(_ content: Data) -> Data {
  let folder = Folder()
  let file = folder.url.appendingPathComponent("content.gz")
  let handle = gzopen(file.path, "wb")
  content.withUnsafeBytes { _ = gzwrite(handle, $0.baseAddress!, UInt32($0.count)) }
  gzclose_w(handle)
  return try! Data(contentsOf: file)
}

/// `count` distinct-looking bytes.
func bytes(_ count: Int, seed: UInt8 = 3) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 3 &+ Int(seed)) }
}

/// The text of the error that `body` throws, with the folder's path as `DIR`.
func errorText(in folder: Folder? = nil, _ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return folder.map { "\(error)".replacing($0.url.path, with: "DIR") } ?? "\(error)"
  }
}

/// Images in which every pixel of an image differs, none is zero, and labels `0, 1, 2, 0, …`.
func syntheticDataset(
  count: Int, channels: Int = 1, height: Int = 5, width: Int = 7
) -> ImageDataset {
  let size = channels * height * width
  let values = (0..<count * size).map { Float(1 + $0 % size) / Float(size + 1) }
  let tensors = NamedTensors([
    ("images", Tensor(values, shape: [count, channels, height, width])),
    ("labels", Tensor((0..<count).map { $0 % 3 })),
  ])
  return try! ImageDataset(tensors, from: "memory", name: "synthetic", split: .train, classes: 3)
}
