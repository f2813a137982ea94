import Foundation
import TestSupport
import Testing
import Torch

@testable import Datasets

/// Generated files in CIFAR's layout.
enum CIFARContent {
  /// `count` records whose pixels differ by image, channel and place; the class of image `i` is `label(i)`.
  static func records(
    _ count: Int, of layout: CIFARLayout, seed: Int = 0, label: (Int) -> UInt8
  ) -> [UInt8] {
    (0..<count).flatMap { image in
      // The superclass is out of range: it must not be read.
      let superclass: [UInt8] = layout.labelCount == 2 ? [200] : []
      return superclass + [label(image)]
        + (0..<CIFARLayout.shape.count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ image &+ seed) }
    }
  }

  static func names(_ count: Int) -> Data {
    Data(((0..<count).map { "class \($0)" }.joined(separator: "\n") + "\n\n").utf8)
  }

  /// A whole small data set, `count` images a file.
  static func write(_ collection: CIFARCollection, count: Int, to folder: Folder, in place: String)
  {
    for (index, file) in (collection.trainFiles + collection.testFiles).enumerated() {
      let classes = collection.layout.classes
      let content = records(count, of: collection.layout, seed: index) {
        UInt8(($0 + index) % classes)
      }
      folder.write(Data(content), to: "\(place)/\(file)")
    }
    folder.write(names(collection.layout.classes), to: "\(place)/\(collection.classFile)")
  }

  /// The collection as it would be with so few images.
  static func small(_ collection: CIFARCollection, count: Int) -> CIFARCollection {
    CIFARCollection(
      name: collection.name, layout: collection.layout, innerFolder: collection.innerFolder,
      trainFiles: collection.trainFiles, testFiles: collection.testFiles,
      classFile: collection.classFile, recordsPerFile: [.train: count, .test: count])
  }
}

@Suite struct CIFARTests {
  let folder = Folder()

  @Test(arguments: CIFARCollection.all, ["", "inner"])
  func `what is written comes back, file after file, from the folder or the one above`(
    collection: CIFARCollection, place: String
  ) throws {
    let inner = place.isEmpty ? "set" : "set/" + collection.innerFolder
    CIFARContent.write(collection, count: 3, to: folder, in: inner)
    let small = CIFARContent.small(collection, count: 3)
    let root = folder.url.appendingPathComponent("set")
    let train = try small.load(.train, from: root)
    let files = collection.trainFiles.count
    #expect(
      (train.count, train.classes, train.name) == (
        3 * files, collection.layout.classes, collection.name
      ))
    #expect(train.shape == .init(channels: 3, height: 32, width: 32))
    #expect(train.classNames[1] == "class 1")
    #expect(train.labels == (0..<files).flatMap { file in (0..<3).map { $0 + file } })
    // The last image: pixel p of channel c, row y is byte 1024 c + 32 y + x.
    let last = train.images(at: [train.count - 1])
    let expected = (0..<3072).map { Float(UInt8(truncatingIfNeeded: $0 * 7 + 2 + files - 1)) / 255 }
    #expect(last.isIdentical(to: Tensor(expected, shape: [1, 3, 32, 32])))
    let test = try small.load(.test, from: root)
    #expect((test.count, test.split, test.labels[0]) == (3, .test, files))
  }

  @Test func `files may be packed`() throws {
    let content = Data(CIFARContent.records(2, of: .ten) { UInt8($0) })
    let file = folder.write(gzipped(content), to: "batch")
    let names = folder.write(CIFARContent.names(10), to: "names")
    let data = try ImageDataset(
      cifar: [file], layout: .ten, recordsPerFile: 2, classFile: names, name: "c", split: .test)
    #expect(data.labels == [0, 1])
  }

  static let whole = "expected 6146 bytes, 2 images of 3073, found "
  static let bad: [(name: String, content: Data?, text: String)] = {
    let good = Data(CIFARContent.records(2, of: .ten) { UInt8($0) })
    let packed = gzipped(good)
    let incomplete = "Fetch the file again; this copy is incomplete or no CIFAR file."
    let asPublished = "Take the file of the binary version as it was published."
    return [
      (
        "missing", nil,
        "expected a file, found nothing there. Check the path, or fetch the data set again."
      ),
      ("empty", Data(), "\(whole)0. \(incomplete)"),
      ("cut", good.dropLast(), "\(whole)6145. \(incomplete)"),
      ("one image", good.prefix(3073), "\(whole)3073. \(incomplete)"),
      ("a byte more", good + [0], "\(whole)more bytes after them. \(asPublished)"),
      ("an image more", good + good.prefix(3073), "\(whole)more bytes after them. \(asPublished)"),
      ("packed, a byte more", gzipped(good + [0]), "\(whole)more bytes after them. \(asPublished)"),
      (
        "packed, damaged", packed.changing(byte: packed.count - 8),
        "expected intact gzip data, found incorrect data check. "
          + "Fetch the file again; this copy is damaged."
      ),
      (
        "packed, no checksum", packed.dropLast(5),
        "expected a checksum at the end, found none. Fetch the file again; this copy is incomplete."
      ),
      (
        "a label of the other layout",
        Data([UInt8](good).enumerated().map { $0.offset == 3073 ? 10 : $0.element }),
        "expected labels from 0 to 9, found 10 at image 1. "
          + "Check that the file belongs to c, or fetch it again."
      ),
    ]
  }()

  @Test(arguments: bad.indices)
  func `bad files are refused with path, expected, found and remedy`(index: Int) {
    let row = Self.bad[index]
    if let content = row.content { folder.write(content, to: "file") }
    let names = folder.write(CIFARContent.names(10), to: "names")
    let text = errorText(in: folder) {
      _ = try ImageDataset(
        cifar: [folder.url.appendingPathComponent("file")], layout: .ten, recordsPerFile: 2,
        classFile: names, name: "c", split: .test)
    }
    #expect(text == "DIR/file: " + row.text, "\(row.name)")
  }

  static let badNames: [(content: String, found: String)] = [
    ("", "0 lines, 0 names"), ("a\nb\n", "2 lines, 2 names"),
    ("a\nb\nc\nd\n", "4 lines, 4 names"), ("a\n\nc\n", "3 lines, 2 names"),
    ("a\na\nb\n", "3 lines, 2 names"), (String(repeating: "x", count: 70_000), "no such text"),
  ]

  @Test(arguments: badNames)
  func `class names are as many as classes`(content: String, found: String) {
    let file = folder.write(Data(content.utf8), to: "names")
    let text = errorText(in: folder) { _ = try ImageDataset.classNames(in: file, count: 3) }
    #expect(
      text == "DIR/names: expected 3 different class names, one a line, found \(found). "
        + "Fetch the data set again, or take the file that was published with it.")
  }

  @Test func `names may end in blank lines and carriage returns, and must be text`() throws {
    let file = folder.write(Data("one\r\ntwo \n\n \n".utf8), to: "names")
    #expect(try ImageDataset.classNames(in: file, count: 2) == ["one", "two"])
    folder.write(Data([0xff, 0xfe, 10, 65]), to: "names")
    #expect(
      errorText { _ = try ImageDataset.classNames(in: file, count: 2) }.contains(
        "found no such text"))
  }

  @Test func `published files of a wrong length are refused`() {
    CIFARContent.write(.cifar10, count: 2, to: folder, in: "set")
    let text = errorText(in: folder) {
      _ = try CIFARCollection.cifar10.load(.test, from: folder.url.appendingPathComponent("set"))
    }
    #expect(
      text == "DIR/set/test_batch.bin: expected 30730000 bytes, 10000 images of 3073, found 6146. "
        + "Fetch the file again; this copy is incomplete or no CIFAR file.")
  }

  @Test func `the error lists every place with what it lacks, and the remedy`() throws {
    CIFARContent.write(.cifar100, count: 1, to: folder, in: "env/cifar100/cifar-100-binary")
    try FileManager.default.removeItem(
      at: folder.url.appendingPathComponent("env/cifar100/cifar-100-binary/fine_label_names.txt"))
    let text = errorText(in: folder) {
      _ = try CIFARCollection.cifar100.locate(
        .train, roots: [folder.url.appendingPathComponent("root")],
        environment: [
          "SPIKEGUARD_DATA": folder.url.appendingPathComponent("env").path,
          "HOME": folder.url.appendingPathComponent("home").path,
        ])
    }
    #expect(
      text == """
        cifar100: expected train.bin, fine_label_names.txt, \
        found no fine_label_names.txt in DIR/env/cifar100/cifar-100-binary, \
        no folder DIR/root/.deps/data/cifar100, \
        no folder DIR/home/.cache/spikeguard/data/cifar100, \
        no folder /usr/share/datasets/cifar100. \
        Run spikeguard data fetch cifar100, or name the folder as cifar100:FOLDER.
        """)
  }
}
