import Foundation
import TestSupport
import Testing

@testable import Datasets

@Suite struct PublishedDatasetTests {
  let folder = Folder()

  @Test func `the catalogue fits the readers`() throws {
    #expect(Set(PublishedDataset.all.map(\.name)) == Set(DatasetSource.names))
    for dataset in PublishedDataset.all {
      #expect(try PublishedDataset.named(dataset.name) == dataset)
      #expect(dataset.downloads.allSatisfy { $0.byteCount != nil && !$0.digests.isEmpty })
      #expect(dataset.address.absoluteString.hasSuffix("/"))
      #expect(Set(dataset.files.map(\.path)).count == dataset.files.count)
    }
    for collection in CIFARCollection.all {
      let dataset = try PublishedDataset.named(collection.name)
      let needed = collection.trainFiles + collection.testFiles + [collection.classFile]
      let paths = Set(dataset.files.map(\.path))
      #expect(needed.allSatisfy { paths.contains(collection.innerFolder + "/" + $0) })
      #expect(dataset.classes == collection.layout.classes)
      for split in ImageDataset.Split.allCases {
        let files = split == .train ? collection.trainFiles : collection.testFiles
        let count = collection.recordsPerFile[split]!
        #expect(dataset.count(of: split) == files.count * count)
        for name in files {
          let file = try #require(dataset.files.first { $0.name == name })
          #expect(file.byteCount == count * collection.layout.recordByteCount)
        }
      }
    }
    for collection in IDXCollection.all {
      #expect(try PublishedDataset.named(collection.name).classes == collection.classNames.count)
    }
  }

  /// The real files, where Debian's package is there to make them from: every number of the catalogue.
  @Test(.enabled(if: InstalledFashionMNIST.isExpected, "\(InstalledFashionMNIST.comment)"))
  func `Fashion-MNIST's sizes and digests are the real ones`() throws {
    let contents = try #require(OfficialFashionMNIST.files(), "make setup fetches it")
    for file in PublishedDataset.fashionMNIST.files {
      let content = try #require(contents[file.name])
      #expect(file.byteCount == content.count)
      #expect(file.digests == [.sha256(of: content), .md5(of: content)])
      let place = folder.write(Data(content), to: file.name)
      #expect(try InputFile(place).contentDigest(.md5) == file.contentDigest)
    }
  }

  @Test func `an unknown name says what is known`() {
    let known = "expected one of fashion-mnist, mnist, cifar10, cifar100, found an unknown name."
    #expect(
      errorText { _ = try PublishedDataset.named("cifar") }
        == "data set 'cifar': \(known) Write cifar10 if that is what you mean.")
    #expect(
      errorText { _ = try PublishedDataset.named("imagenet") }
        == "data set 'imagenet': \(known) Write one of these; others can be read as tensors:FILE.")
  }

  private func state(
    _ file: PublishedDataset.File, sums: DigestList = DigestList()
  ) throws -> PublishedDataset.FileState {
    try PublishedDataset.mnist.state(of: file, in: folder.url, sums)
  }

  @Test func `a packed file may be packed anew or unpacked, if its content is right`() throws {
    let content = Data(bytes(5000))
    let packed = gzipped(content)
    let file = PublishedDataset.File(
      "x-idx3-ubyte.gz", byteCount: packed.count, digests: [.sha256(of: packed)],
      contentDigest: .md5(of: content))
    #expect(try state(file) == .missing)
    folder.write(packed, to: "x-idx3-ubyte.gz")
    #expect(try state(file) == .intact("SHA-256"))
    // Another time stamp in gzip's header.
    folder.write(packed.changing(byte: 5), to: "x-idx3-ubyte.gz")
    #expect(try state(file) == .intact("MD5 of the content"))
    folder.write(packed.dropLast(30), to: "x-idx3-ubyte.gz")
    #expect(
      try state(file)
        == .damaged(expected: "content of \(Digest.md5(of: content))", found: "bad gzip"))
    folder.write(content, to: "x.idx3-ubyte")
    #expect(try state(file) == .intact("MD5 of the content"))
    folder.write(content.changing(byte: 100), to: "x.idx3-ubyte")
    let found = Digest.md5(of: content.changing(byte: 100)).hexadecimal
    #expect(
      try state(file)
        == .damaged(expected: "content of \(Digest.md5(of: content))", found: found))
  }

  @Test func `a file of which little is known is checked by what is`() throws {
    let content = bytes(50)
    folder.write(Data(content), to: "set/f.bin")
    let path = "set/f.bin"
    #expect(try state(.init(path)) == .unproven)
    #expect(try state(.init(path, byteCount: 50)) == .unproven)
    #expect(try state(.init(path, byteCount: 51)) == .damaged(expected: "51 bytes", found: "50"))
    #expect(try state(.init(path, digests: [.md5(of: content)])) == .intact("MD5"))
    let other = Digest.md5(of: [1])
    #expect(
      try state(.init(path, digests: [other]))
        == .damaged(
          expected: "\(other)", found: Digest.md5(of: content).hexadecimal))
    let sums = DigestList([path: .sha256(of: content)])
    #expect(
      try state(.init(path, digests: [other]), sums: sums)
        == .intact("SHA-256 of the fetched archive's file"))
  }

  @Test func `a list of digests comes back, and what is none says nothing`() throws {
    let list = DigestList(["b/c d.bin": .sha256(of: [1]), "a": .sha256(of: [2])])
    folder.write(Data(list.text.utf8), to: "SHA256SUMS")
    #expect(DigestList(in: folder.url) == list)
    folder.write(Data("<html>\n1234  a\n\(list.text)".utf8), to: "SHA256SUMS")
    #expect(DigestList(in: folder.url) == list)
    folder.write(Data([0xff, 0, 0xc3]), to: "SHA256SUMS")
    #expect(DigestList(in: folder.url) == DigestList())
    #expect(DigestList(in: folder.url.appendingPathComponent("none")) == DigestList())
  }

  @Test func `the structure is what the catalogue says`() throws {
    let labels = idxContent(shape: [1], elements: [9])
    for split in ["train", "t10k"] {
      folder.write(
        idxContent(shape: [1, 28, 28], elements: bytes(784)), to: "\(split)-images-idx3-ubyte")
      folder.write(labels, to: "\(split)-labels-idx1-ubyte")
    }
    #expect(
      errorText(in: folder) { try PublishedDataset.mnist.checkStructure(in: folder.url) }
        == "DIR: expected 60000 train images 1x28x28, 10 classes, found 1 of 1x28x28, 10 classes. "
        + "Fetch the data set again.")
  }
}
