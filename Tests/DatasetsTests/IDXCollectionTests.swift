import Datasets
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct IDXCollectionTests {
  let folder = Folder()

  /// Writes a train split whose single pixel tells where it was found.
  private func put(_ pixel: UInt8, in place: String, suffix: String = "", separator: String = "-") {
    let images = idxContent(shape: [1, 1, 1], elements: [pixel])
    let labels = idxContent(shape: [1], elements: [9])
    for (name, content) in [("images\(separator)idx3", images), ("labels\(separator)idx1", labels)]
    {
      folder.write(
        suffix.isEmpty ? content : gzipped(content), to: "\(place)/train-\(name)-ubyte\(suffix)")
    }
  }

  private func pixel(of files: (images: URL, labels: URL)) throws -> UInt8 {
    try IDXFile(contentsOf: files.images, rank: 3).elements[0]
  }

  @Test("Places are searched in their order, and a folder that is named is the only one")
  func order() throws {
    let environment = ["SPIKEGUARD_DATA": folder.url.appendingPathComponent("env").path]
    let roots = ["one", "two"].map { folder.url.appendingPathComponent($0) }
    func found(in named: URL? = nil) throws -> UInt8 {
      try pixel(
        of: IDXCollection.mnist.locate(.train, in: named, roots: roots, environment: environment))
    }
    put(4, in: "two/.deps/data/mnist")
    #expect(try found() == 4)
    put(3, in: "one/.deps/data/mnist")
    #expect(try found() == 3)
    put(2, in: "env/mnist")
    #expect(try found() == 2)
    put(1, in: "named")
    #expect(try found(in: folder.url.appendingPathComponent("named")) == 1)
    #expect(throws: DatasetError.self) {
      try found(in: folder.url.appendingPathComponent("absent"))
    }
  }

  @Test(
    "Files may be plain or .gz, and have either separator", arguments: ["", ".gz"], ["-", "."])
  func spellings(suffix: String, separator: String) throws {
    put(7, in: "here", suffix: suffix, separator: separator)
    let data = try IDXCollection.fashionMNIST.load(
      .train, from: folder.url.appendingPathComponent("here"))
    #expect(data.images(at: 0..<1).item() == Double(Float(7) / 255))
    #expect((data.name, data.split, data.labels) == ("fashion-mnist", .train, [9]))
    #expect(data.classNames[9] == "Ankle boot")
  }

  @Test("The error lists every place with what it lacks, and the remedy")
  func absence() throws {
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("root/.deps/data/mnist"),
      withIntermediateDirectories: true)
    put(1, in: "env/mnist")
    let text = errorText(in: folder) {
      _ = try IDXCollection.mnist.locate(
        .test, roots: [folder.url.appendingPathComponent("root")],
        environment: [
          "SPIKEGUARD_DATA": folder.url.appendingPathComponent("env").path, "HOME": "/home/a",
        ])
    }
    let files = "t10k-images-idx3-ubyte or t10k-labels-idx1-ubyte"
    #expect(
      text == """
        mnist: expected t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz, \
        found no \(files) in DIR/env/mnist, no \(files) in DIR/root/.deps/data/mnist, \
        no folder /home/a/.cache/spikeguard/data/mnist, no folder /usr/share/datasets/mnist. \
        Run spikeguard data fetch mnist, or name the folder with its four files as mnist:FOLDER.
        """)
  }

  @Test("Images without labels are not a split")
  func halfASplit() throws {
    put(1, in: "half")
    try FileManager.default.removeItem(
      at: folder.url.appendingPathComponent("half/train-labels-idx1-ubyte"))
    let text = errorText(in: folder) {
      _ = try IDXCollection.fashionMNIST.load(
        .train, from: folder.url.appendingPathComponent("half"))
    }
    #expect(
      text
        == "fashion-mnist: expected train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or "
        + ".gz, found no train-labels-idx1-ubyte in DIR/half. "
        + "Run spikeguard data fetch fashion-mnist, or apt-get install dataset-fashion-mnist.")
  }
}
