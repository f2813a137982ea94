import Datasets
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ImageDatasetTests {
  let folder = Folder()

  /// `count` images of `height`×`width` that hold these bytes; labels `0, 1, 0, …`.
  private func dataset(
    _ pixels: [UInt8], height: Int, width: Int, labels: [UInt8]? = nil
  ) throws -> ImageDataset {
    let count = pixels.count / (height * width)
    let images = folder.write(
      idxContent(shape: [count, height, width].map(UInt32.init), elements: pixels), to: "images")
    let labels = folder.write(
      idxContent(
        shape: [UInt32(count)], elements: labels ?? (0..<count).map { UInt8($0 % 2) }), to: "labels"
    )
    return try ImageDataset(
      idxImages: images, labels: labels, name: "own", split: .test, classNames: ["no", "yes"])
  }

  @Test("Every byte v becomes exactly v / 255")
  func scaling() throws {
    let data = try dataset(Array(0...255), height: 16, width: 16)
    let images = data.images(at: 0..<1)
    #expect(images.dtype == .float32)
    #expect(images.shape == [1, 1, 16, 16])
    #expect(images.scalars(of: Float.self) == (0...255).map { Float($0) / 255 })
  }

  @Test("Images come in the order asked for, rows before columns, with their labels")
  func selection() throws {
    let data = try dataset(bytes(4 * 6), height: 2, width: 3, labels: [0, 1, 1, 0])
    let chosen = [3, 1, 1]
    #expect(data.images(at: chosen).shape == [3, 1, 2, 3])
    let expected = chosen.flatMap { bytes(24)[$0 * 6..<$0 * 6 + 6] }.map { Float($0) / 255 }
    #expect(data.images(at: chosen).scalars(of: Float.self) == expected)
    #expect(data.labels(at: chosen).dtype == .int64)
    #expect(data.labels(at: chosen).scalars(of: Int.self) == [0, 1, 1])
    #expect(data.shape == .init(channels: 1, height: 2, width: 3))
    #expect(data.description == "own test: 4 images 1x2x3, 2 classes")
  }

  @Test func prefixKeepsTheFirstAndAllClassNames() throws {
    let data = try dataset(bytes(30), height: 2, width: 3, labels: [0, 1, 0, 1, 1])
    let first = data.prefix(1)
    #expect((first.count, first.classes) == (1, 2))
    #expect(first.images(at: 0..<1).isIdentical(to: data.images(at: 0..<1)))
    #expect(data.prefix(99).count == 5)
    #expect(first.crc32 != data.crc32)
  }

  /// The numbers are those of Python's `zlib.crc32` over `struct.pack('<7q', …)` and the pixels.
  @Test func checksumIsPythons() throws {
    let pixels: [UInt8] = [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]
    let images = folder.write(idxContent(shape: [2, 2, 3], elements: pixels), to: "images")
    let labels = folder.write(idxContent(shape: [2], elements: [9, 0]), to: "labels")
    let data = try ImageDataset(
      idxImages: images, labels: labels, name: "ten", split: .train,
      classNames: IDXCollection.mnist.classNames)
    #expect(data.crc32 == 1_196_181_534)

    let values: [Float] = [0, 0.25, 0.5, 0.75, 1, 0.125]
    let floats = try ImageDataset(
      ["images": Tensor(values + values, shape: [2, 1, 2, 3]), "labels": Tensor([9, 0])],
      from: "memory", name: "other", split: .test)
    #expect(floats.crc32 == 1_957_562_574)
  }

  @Test("The checksum sees a pixel, a label, the shape and the number of classes")
  func checksumIsSensitive() throws {
    let base = bytes(12)
    var changed = base
    changed[11] ^= 1
    let sums = try [
      dataset(base, height: 2, width: 3), dataset(changed, height: 2, width: 3),
      dataset(base, height: 3, width: 2), dataset(base, height: 2, width: 3, labels: [1, 0]),
    ].map(\.crc32)
    #expect(Set(sums).count == 4)
  }

  @Test("A place outside the data traps") func outOfRange() async {
    await #expect(processExitsWith: .failure) {
      _ = syntheticDataset(count: 2).images(at: [2])
    }
  }
}
