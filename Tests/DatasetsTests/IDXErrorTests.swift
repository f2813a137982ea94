import Datasets
import Foundation
import TestSupport
import Testing

/// One bad file and the whole text that a user sees, the folder written as `DIR`.
struct BadFile: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let content: Data?
  var rank = 3
  let text: String

  static let good = idxContent(shape: [2, 3, 5], elements: bytes(30))
  static let again = "Fetch the file again; this copy is incomplete."
  static let packed = gzipped(good)

  static let all = [
    BadFile(
      testDescription: "missing", content: nil,
      text: "expected a file, found nothing there. Check the path, or fetch the data set again."),
    BadFile(
      testDescription: "empty", content: Data(),
      text: "expected an IDX header of 16 bytes, found 0. \(again)"),
    BadFile(
      testDescription: "cut in the magic", content: good.prefix(3),
      text: "expected an IDX header of 16 bytes, found 3. \(again)"),
    BadFile(
      testDescription: "cut in the header", content: good.prefix(13),
      text: "expected an IDX header of 16 bytes, found 13. \(again)"),
    BadFile(
      testDescription: "cut in the pixels", content: good.dropLast(),
      text: "expected 30 bytes for shape [2, 3, 5], found 29. \(again)"),
    BadFile(
      testDescription: "no pixels", content: good.prefix(16),
      text: "expected 30 bytes for shape [2, 3, 5], found 0. \(again)"),
    BadFile(
      testDescription: "trailing byte", content: good + Data([0]),
      text: "expected 30 bytes for shape [2, 3, 5], found more bytes after them. "
        + "Fetch the file again; header and content do not belong together."),
    BadFile(
      testDescription: "trailing byte in gzip", content: gzipped(good + Data([0])),
      text: "expected 30 bytes for shape [2, 3, 5], found more bytes after them. "
        + "Fetch the file again; header and content do not belong together."),
    BadFile(
      testDescription: "web page", content: Data("<html>404</html>".utf8),
      text: "expected an IDX file, which starts with 00 00 08 03, "
        + "found one that starts with 3c 68 74 6d. "
        + "Name the IDX file itself, plain or .gz, not an archive or a saved web page."),
    BadFile(
      testDescription: "little-endian",
      content: Data(good.prefix(4).reversed()) + good.dropFirst(4),
      text: "expected an IDX file, which starts with 00 00 08 03, "
        + "found one that starts with 03 08 00 00. "
        + "Name the IDX file itself, plain or .gz, not an archive or a saved web page."),
    BadFile(
      testDescription: "floats",
      content: idxContent(shape: [1, 1, 1], elements: [0, 0, 0, 0], type: 0x0d),
      text: "expected IDX elements of type 08 (unsigned byte), found type 0d (float32). "
        + "Convert the file to unsigned bytes, or give the data as tensors:FILE."),
    BadFile(
      testDescription: "labels for images", content: idxContent(shape: [3], elements: [1, 2, 3]),
      text: "expected an IDX array of rank 3, found rank 1. "
        + "Check that images (rank 3) and labels (rank 1) are not swapped."),
    BadFile(
      testDescription: "images for labels", content: good, rank: 1,
      text: "expected an IDX array of rank 1, found rank 3. "
        + "Check that images (rank 3) and labels (rank 1) are not swapped."),
    BadFile(
      testDescription: "no images", content: idxContent(shape: [0, 3, 5], elements: []),
      text: "expected at least one element, found shape [0, 3, 5]. "
        + "Fetch the file again; this one is empty."),
    BadFile(
      testDescription: "product of extents beyond 64 bits",
      content: idxContent(shape: [.max, .max, .max], elements: [1]),
      text: "expected at most 2147483648 bytes, found shape [4294967295, 4294967295, 4294967295]. "
        + "Fetch the file again; its header is damaged."),
    BadFile(
      testDescription: "product of extents just beyond the limit",
      content: idxContent(shape: [1 << 31 | 1, 1, 1], elements: [1]),
      text: "expected at most 2147483648 bytes, found shape [2147483649, 1, 1]. "
        + "Fetch the file again; its header is damaged."),
    BadFile(
      testDescription: "gzip cut in its data", content: packed.prefix(packed.count - 12),
      text: "expected 30 bytes for shape [2, 3, 5], found PARTLY. \(again)"),
    BadFile(
      testDescription: "gzip cut in its checksum", content: packed.dropLast(5),
      text: "expected a checksum at the end, found none. \(again)"),
    BadFile(
      testDescription: "gzip with a wrong checksum",
      content: packed.changing(byte: packed.count - 8),
      text:
        "expected intact gzip data, found incorrect data check. "
        + "Fetch the file again; this copy is damaged."),
    BadFile(
      testDescription: "gzip with a wrong length", content: packed.changing(byte: packed.count - 4),
      text:
        "expected intact gzip data, found incorrect length check. "
        + "Fetch the file again; this copy is damaged."),
    BadFile(
      testDescription: "gzip with an unknown method", content: packed.changing(byte: 2),
      text: "expected intact gzip data, found unknown compression method. "
        + "Fetch the file again; this copy is damaged."),
    BadFile(
      testDescription: "gzip that cannot hold what it claims",
      content: gzipped(idxContent(shape: [1 << 20, 28, 28], elements: [1])),
      text: "expected 822083584 bytes for shape [1048576, 28, 28], found HELD at most. \(again)"),
  ]
}

extension Data {
  func changing(byte index: Int) -> Data {
    var copy = self
    copy[index] ^= 0x55
    return copy
  }
}

@Suite struct IDXErrorTests {
  @Test("Bad files are refused with path, expected, found and remedy", arguments: BadFile.all)
  func table(bad: BadFile) {
    let folder = Folder()
    let url = folder.url.appendingPathComponent("file")
    if let content = bad.content { folder.write(content, to: "file") }
    let text = errorText(in: folder) { _ = try IDXFile(contentsOf: url, rank: bad.rank) }
    // How much of a cut stream can be unpacked is zlib's affair.
    let comparable = text.replacing(#/found \d+ at most/#, with: "found HELD at most")
      .replacing(#/\[2, 3, 5\], found \d+\. /#) { match in
        bad.text.contains("PARTLY") ? "[2, 3, 5], found PARTLY. " : String(match.output)
      }
    #expect(comparable == "DIR/file: " + bad.text)
  }

  @Test func folderInsteadOfFile() {
    let folder = Folder()
    let text = errorText(in: folder) { _ = try IDXFile(contentsOf: folder.url, rank: 1) }
    #expect(text == "DIR: expected a file, found a folder. Name the file itself.")
  }

  @Test func deviceInsteadOfFile() {
    let text = errorText { _ = try IDXFile(contentsOf: URL(fileURLWithPath: "/dev/zero"), rank: 1) }
    #expect(text == "/dev/zero: expected a file, found a device or pipe. Name the file itself.")
  }

  @Test("A file without permission says so", .enabled(if: getuid() != 0, "root reads everything"))
  func unreadable() throws {
    let folder = Folder()
    let url = folder.write(BadFile.good, to: "file")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: url.path)
    let text = errorText(in: folder) { _ = try IDXFile(contentsOf: url, rank: 3) }
    #expect(
      text == "DIR/file: expected a file that can be read, found Permission denied. "
        + "Check the file's permissions.")
  }

  @Test("Images and labels must belong together", arguments: [2, 4])
  func countMismatch(labels: UInt32) {
    let folder = Folder()
    let text = errorText(in: folder) {
      _ = try pair(in: folder, images: 3, labels: (0..<labels).map { UInt8($0) })
    }
    #expect(
      text == "DIR/labels: expected 3 labels, one for each image in DIR/images, found \(labels). "
        + "Take both files from the same split of the same data set.")
  }

  @Test func labelOutOfRange() throws {
    let folder = Folder()
    let text = errorText(in: folder) { _ = try pair(in: folder, images: 3, labels: [0, 2, 3]) }
    #expect(
      text == "DIR/labels: expected labels from 0 to 2, found 3 at index 2. "
        + "Check that the file belongs to pair.")
    #expect(try pair(in: folder, images: 3, labels: [0, 2, 1]).labels == [0, 2, 1])
  }

  private func pair(in folder: Folder, images: UInt32, labels: [UInt8]) throws -> ImageDataset {
    let imageFile = folder.write(
      idxContent(shape: [images, 2, 3], elements: bytes(Int(images) * 6)), to: "images")
    let labelFile = folder.write(
      idxContent(shape: [UInt32(labels.count)], elements: labels), to: "labels")
    return try ImageDataset(
      idxImages: imageFile, labels: labelFile, name: "pair", split: .train,
      classNames: ["a", "b", "c"])
  }
}
