import Foundation
import TestSupport
import Testing
import Torch

/// Damaged files end in the typed error or in tensors whose numbers can be read.
@Suite struct PyTorchArchiveFuzzTests {
  private static let names = [
    "types.pth", "types-protocol5.pth", "types-deflated.pth", "types-big-endian.pth", "views.pth",
    "module.pth", "checkpoint.pth", "two.pth", "evil-system.pth", "legacy.pth",
  ]

  private func survives(_ bytes: [UInt8], _ folder: String) throws -> Bool {
    let path = folder + "/a.pth"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do throws(PyTorchArchiveError) {
      let archive = try PyTorchArchive(contentsOf: path)
      for dictionary in archive.stateDicts {
        for (_, tensor) in try archive.tensors(of: dictionary) {
          let count = tensor.withBytes { $0.reduce(0) { $0 &+ Int($1) } }
          #expect(count >= 0 && tensor.strides == tensor.contiguous().strides)
        }
      }
      return true
    } catch {
      #expect(error.path == path && !error.description.isEmpty)
      return false
    }
  }

  @Test func `damaged archives`() throws {
    try withTemporaryDirectory { folder in
      let originals = try Self.names.map {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: PyTorchArchiveTests.path($0))))
      }
      for seed in 0..<Mutations.count {
        let original = originals[seed % originals.count]
        _ = try survives(Mutations.of(original, seed: UInt64(seed)), folder)
      }
    }
  }

  /// A damaged pickle in a sound archive: the checksum does not stand in front of the machine.
  @Test func `damaged pickles`() throws {
    try withTemporaryDirectory { folder in
      var (read, refused) = (0, 0)
      let shape: [([UInt8], [String: [UInt8]])] = try Self.names.prefix(8).map { name in
        try StoredArchive(path: PyTorchArchiveTests.path(name)).parts
      }.filter { !$0.0.isEmpty }
      #expect(shape.count >= 6)
      for seed in 0..<Mutations.count {
        let (pickle, storages) = shape[seed % shape.count]
        let zip = ZipContent(
          pickle: Mutations.of(pickle, seed: UInt64(seed)), storages: storages)
        if try survives(zip.bytes, folder) { read += 1 } else { refused += 1 }
      }
      #expect(refused > read / 4 && read > 0, "read \(read), refused \(refused)")
    }
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
