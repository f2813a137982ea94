import Foundation
import TestSupport
import Testing
import Torch

/// Damaged files end in the typed error or in the numbers that were saved, never in others or a crash.
@Suite(.timeLimit(.minutes(30))) struct PyTorchArchiveFuzzTests {
  private static let names = [
    "types.pth", "types-protocol5.pth", "types-deflated.pth", "types-big-endian.pth", "views.pth",
    "module.pth", "checkpoint.pth", "two.pth", "evil-system.pth", "legacy.pth",
  ]

  /// What an archive says a tensor is, bit for bit.
  private struct Content: Equatable {
    let dtype: DType
    let shape: [Int]
    let bytes: [UInt8]

    init(_ tensor: Tensor) {
      dtype = tensor.dtype
      shape = tensor.shape
      bytes = tensor.withBytes { Array($0) }
    }
  }

  /// Every tensor by its dictionary's key and its name; nil when the file is refused.
  private func read(_ bytes: [UInt8], _ folder: String, _ input: String) throws
    -> [String: [String: Content]]?
  {
    let path = folder + "/a.pth"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do throws(PyTorchArchiveError) {
      return try bounded(input) { () throws(PyTorchArchiveError) in
        let archive = try PyTorchArchive(contentsOf: path)
        var result: [String: [String: Content]] = [:]
        for dictionary in archive.stateDicts {
          for (name, tensor) in try archive.tensors(of: dictionary) {
            result[dictionary.key, default: [:]][name] = Content(tensor)
          }
        }
        return result
      }
    } catch {
      #expect(error.path == path && !error.description.isEmpty, "\(input)")
      return nil
    }
  }

  /// Each record has a checksum: what is accepted was damaged outside the records, and nothing has changed.
  @Test func `a damaged archive is refused, or holds the very same tensors`() throws {
    try withTemporaryDirectory { folder in
      let originals = try Self.names.map {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: PyTorchArchiveTests.path($0))))
      }
      let contents = try zip(originals, Self.names).map { try read($0, folder, $1) }
      #expect(contents.count { $0 == nil } == 2, "the evil and the old one only")
      var (accepted, refused) = (0, 0)
      for seed in 0..<Mutations.count {
        let index = seed % originals.count
        let input = "seed \(seed) of \(Self.names[index])"
        let damaged = Mutations.of(originals[index], seed: UInt64(seed))
        guard let found = try read(damaged, folder, input) else {
          refused += 1
          continue
        }
        accepted += 1
        #expect(found == contents[index], "\(input)")
      }
      #expect(
        accepted > 0 && refused > Mutations.count / 4, "accepted \(accepted), refused \(refused)")
    }
  }

  /// A damaged pickle in a sound archive: the checksum does not stand in front of the machine.
  @Test func `a damaged pickle is refused, or names numbers of the file`() throws {
    try withTemporaryDirectory { folder in
      var (accepted, refused) = (0, 0)
      let archives: [([UInt8], [String: [UInt8]])] = try Self.names.prefix(8).map { name in
        try StoredArchive(path: PyTorchArchiveTests.path(name)).parts
      }.filter { !$0.0.isEmpty }
      #expect(archives.count >= 6)
      for seed in 0..<Mutations.count {
        let (pickle, storages) = archives[seed % archives.count]
        let zip = ZipContent(
          pickle: Mutations.of(pickle, seed: UInt64(seed)), storages: storages)
        guard let found = try read(zip.bytes, folder, "seed \(seed)") else {
          refused += 1
          continue
        }
        accepted += 1
        for (name, content) in found.values.joined() {
          let width = content.dtype.byteCount
          #expect(content.shape.allSatisfy { $0 >= 0 }, "seed \(seed): \(name)")
          #expect(
            content.bytes.count == content.shape.reduce(width, *), "seed \(seed): \(name)")
          let known = Set(storages.values.flatMap { Self.elements($0, width) })
          #expect(
            known.isSuperset(of: Self.elements(content.bytes, width)), "seed \(seed): \(name)")
        }
      }
      #expect(
        refused > accepted / 4 && accepted > 0, "accepted \(accepted), refused \(refused)")
    }
  }

  private static func elements(_ bytes: [UInt8], _ width: Int) -> [[UInt8]] {
    stride(from: 0, to: bytes.count - width + 1, by: width).map { Array(bytes[$0..<$0 + width]) }
  }
}

/// The records of an archive that torch.save wrote without compression, found by their local headers.
private struct StoredArchive {
  var pickle: [UInt8] = []
  var storages: [String: [UInt8]] = [:]
  var parts: ([UInt8], [String: [UInt8]]) { (pickle, storages) }

  init(path: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    // The directory's records have the lengths; the local headers of a stream do not.
    var at = try #require(bytes.indices.first { bytes[$0...].starts(with: le(0x0201_4b50, 4)) })
    while bytes[at...].starts(with: le(0x0201_4b50, 4)) {
      let number = { (offset: Int, count: Int) in
        (0..<count).reduce(0) { $0 | Int(bytes[at + offset + $1]) << (8 * $1) }
      }
      let (size, nameCount, extra) = (number(20, 4), number(28, 2), number(30, 2))
      let name = String(decoding: bytes[at + 46..<at + 46 + nameCount], as: UTF8.self)
      let local = number(42, 4)
      let start =
        local + 30 + Int(bytes[local + 26]) + Int(bytes[local + 27]) << 8
        + Int(bytes[local + 28]) + Int(bytes[local + 29]) << 8
      if number(10, 2) == 0 {
        let content = Array(bytes[start..<start + size])
        if name.hasSuffix("/data.pkl") { pickle = content }
        if name.contains("/data/") { storages[String(name.split(separator: "/")[2])] = content }
      }
      at += 46 + nameCount + extra
    }
  }
}
