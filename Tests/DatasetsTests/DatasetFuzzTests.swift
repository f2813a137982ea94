import Foundation
import TestSupport
import Testing
import Torch

@testable import Datasets

/// Damaged files of every format: a typed error, or a data set in which everything holds. Never a crash.
@Suite(.timeLimit(.minutes(30))) struct DatasetFuzzTests {
  /// Reads each mutated file; counts how many were refused and how many accepted.
  ///
  /// - Parameter read: gives the data set in the folder; the mutated file is `file` in it.
  private func fuzz(
    _ originals: [[UInt8]], seed: UInt64,
    expecting isExpected: (any Error) -> Bool = { $0 is DatasetError },
    read: (Folder) throws -> ImageDataset
  ) throws {
    let folder = Folder()
    var (refused, accepted) = (0, 0)
    for round in 0..<Mutations.count {
      let original = originals[round % originals.count]
      let content = Mutations.of(original, seed: seed &+ UInt64(round))
      folder.write(Data(content), to: "file")
      do {
        try check(
          bounded("round \(round)") { try read(folder) }, "round \(round)")
        accepted += 1
      } catch {
        refused += 1
        #expect(isExpected(error), "round \(round): \(type(of: error)) \(error)")
        #expect("\(error)".contains("expected "), "round \(round): \(error)")
      }
    }
    // Damage that a reader can see and damage that it cannot must both occur, or the test is none.
    #expect(refused > Mutations.count / 20, "only \(refused) were refused")
    #expect(accepted > 0, "none was accepted")
  }

  private func check(_ data: ImageDataset, _ round: String) throws {
    #expect(data.count >= 1 && data.labels.count == data.count, "\(round)")
    #expect(data.labels.allSatisfy { (0..<data.classes).contains($0) }, "\(round)")
    #expect(data.pixels.count == data.count * data.shape.count, "\(round)")
    #expect(data.shape.count >= 1 && data.classCounts.reduce(0, +) == data.count, "\(round)")
    let images = data.images(at: 0..<data.count)
    #expect(
      images.scalars(of: Float.self).allSatisfy { $0 >= 0 && $0 <= 1 }, "\(round)")
    _ = (data.crc32, data.pixelStatistics)
    var rest = data.count
    for batch in DataLoader(data, batchSize: 3, augmentations: [.randomFlip]).epoch(0) {
      rest -= batch.count
    }
    #expect(rest == 0, "\(round)")
  }

  @Test func `damaged IDX images`() throws {
    let plain = idxContent(shape: [4, 3, 5], elements: bytes(60))
    try fuzz([Array(plain), Array(plain), Array(gzipped(plain))], seed: 1) { folder in
      let labels = folder.write(idxContent(shape: [4], elements: [0, 1, 2, 0]), to: "labels")
      return try ImageDataset(
        idxImages: folder.url.appendingPathComponent("file"), labels: labels, name: "fuzz",
        split: .train, classNames: ["a", "b", "c"])
    }
  }

  /// Only gzip has a checksum: a plain file can hide a changed pixel.
  @Test func `a damaged gzip file is refused, or holds the very same elements`() throws {
    let folder = Folder()
    let original = Array(gzipped(idxContent(shape: [4, 3, 5], elements: bytes(60))))
    var (refused, accepted) = (0, 0)
    for seed in 0..<UInt64(Mutations.count) {
      let damaged = Mutations.of(original, seed: seed)
      // Other first bytes make it a plain file, or none.
      guard damaged.starts(with: [0x1f, 0x8b]) else { continue }
      let file = folder.write(Data(damaged), to: "file")
      do throws(DatasetError) {
        let read = try bounded("seed \(seed)") { () throws(DatasetError) in
          try IDXFile(contentsOf: file, rank: 3)
        }
        accepted += 1
        #expect(read.shape == [4, 3, 5] && read.elements == bytes(60), "seed \(seed)")
      } catch { refused += 1 }
    }
    #expect(
      accepted > 0 && refused > Mutations.count / 4, "accepted \(accepted), refused \(refused)")
  }

  @Test func `damaged IDX labels`() throws {
    let plain = idxContent(shape: [4], elements: [0, 1, 2, 0])
    try fuzz([Array(plain), Array(gzipped(plain))], seed: 2) { folder in
      let images = folder.write(idxContent(shape: [4, 3, 5], elements: bytes(60)), to: "images")
      return try ImageDataset(
        idxImages: images, labels: folder.url.appendingPathComponent("file"), name: "fuzz",
        split: .train, classNames: ["a", "b", "c"])
    }
  }

  @Test(arguments: [CIFARLayout.ten, .hundred])
  func `damaged CIFAR files`(layout: CIFARLayout) throws {
    let content = CIFARContent.records(3, of: layout) { UInt8($0) }
    try fuzz([content, content, Array(gzipped(Data(content)))], seed: 3) { folder in
      let names = folder.write(CIFARContent.names(layout.classes), to: "names")
      return try ImageDataset(
        cifar: [folder.url.appendingPathComponent("file")], layout: layout, recordsPerFile: 3,
        classFile: names, name: "fuzz", split: .test)
    }
  }

  @Test func `damaged class names`() throws {
    try fuzz([Array(CIFARContent.names(10))], seed: 4) { folder in
      let content = CIFARContent.records(1, of: .ten) { UInt8($0) }
      return try ImageDataset(
        cifar: [folder.write(Data(content), to: "batch")], layout: .ten, recordsPerFile: 1,
        classFile: folder.url.appendingPathComponent("file"), name: "fuzz", split: .test)
    }
  }

  @Test func `damaged tensors`() throws {
    let folder = Folder()
    let file = folder.url.appendingPathComponent("data.safetensors")
    let images = Tensor((0..<24).map { Float($0) / 23 }, shape: [2, 3, 2, 2])
    try Safetensors.write(["images": images, "labels": Tensor([1, 0])], to: file.path)
    let content = Array(try Data(contentsOf: file))
    try fuzz(
      [content], seed: 5, expecting: { $0 is DatasetError || $0 is SafetensorsError }
    ) { folder in
      let source = DatasetSource.tensors(folder.url.appendingPathComponent("file"))
      return try source.load(.test) { try Safetensors.read(from: $0.path).tensors }
    }
  }

  @Test func `a damaged list of digests is a list, or nothing`() throws {
    let folder = Folder()
    let list = DigestList(["b/c": .sha256(of: [1]), "a": .sha256(of: [2])])
    for seed in 0..<UInt64(Mutations.count) {
      folder.write(Data(Mutations.of(Array(list.text.utf8), seed: seed)), to: "SHA256SUMS")
      #expect(DigestList(in: folder.url).digests.values.allSatisfy { $0.bytes.count == 32 })
    }
  }
}
