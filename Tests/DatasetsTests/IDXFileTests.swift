import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct IDXFileTests {
  let folder = Folder()

  @Test(
    "What was written is read, whatever the sizes, plain and compressed",
    arguments: [[1, 1, 1], [3, 5, 7], [257, 3, 1], [1, 300, 301]], [false, true])
  func roundTrip(shape: [UInt32], compressed: Bool) throws {
    let elements = bytes(Int(shape.reduce(1, *)))
    let content = idxContent(shape: shape, elements: elements)
    let url = folder.write(compressed ? gzipped(content) : content, to: "images.bin")
    let file = try IDXFile(contentsOf: url, rank: 3)
    #expect(file.shape == shape.map(Int.init))
    #expect(file.elements == elements)
  }

  @Test("Contents beyond zlib's buffers come through: 1 MB in two gzip members")
  func twoMembers() throws {
    let elements = bytes(1_000_001)
    let content = idxContent(shape: [1_000_001], elements: elements)
    let parts = gzipped(content.prefix(400_000)) + gzipped(Data(content.dropFirst(400_000)))
    let url = folder.write(parts, to: "labels.gz")
    #expect(try IDXFile(contentsOf: url, rank: 1).elements == elements)
  }

  @Test("The bytes decide what is compressed, not the name")
  func misnamed() throws {
    let url = folder.write(idxContent(shape: [2], elements: [4, 5]), to: "labels.gz")
    #expect(try IDXFile(contentsOf: url, rank: 1).elements == [4, 5])
  }

  /// 2 GiB claimed by 30 bytes: a reader that trusts the header allocates it.
  @Test func falseHeadersAllocateNothing() throws {
    let content = idxContent(shape: [1 << 31], elements: [1])
    for (name, data) in [("plain", content), ("packed", gzipped(content))] {
      let url = folder.write(data, to: name)
      let before = peakAddressSpace()
      #expect(throws: DatasetError.self) { try IDXFile(contentsOf: url, rank: 1) }
      #expect(peakAddressSpace() - before < 1 << 30)
    }
  }

  /// The most bytes that this process ever reserved: memory that is never touched counts too.
  private func peakAddressSpace() -> Int {
    let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("VmPeak") }
    return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 << 10 } ?? 0
  }
}
