import Datasets
import Experiments
import Foundation
import TestSupport
import Testing
import Torch

/// `data`: fetching from a server on this machine, checking, and showing what is there.
@Suite(.timeLimit(.minutes(5))) struct DataCommandTests {
  // MARK: list

  struct Entry: Decodable {
    let name: String
    let address: String
    let classes: Int
    let downloadBytes: Int
    let folder: String?
  }

  @Test func `the list names every data set, and where it is`() throws {
    try Workplace.with { place in
      try place.writeIDX("") { $0 }
      try FileManager.default.moveItem(atPath: place.path("idx"), toPath: place.path("mnist"))
      let outcome = try place.run(
        "data list --json l.json", environment: ["SPIKEGUARD_DATA": place.folder])
      #expect(outcome.exitCode == 0 && outcome.standardError == "")
      let entries = try place.json("l.json", as: [Entry].self)
      #expect(entries.map(\.name) == ["fashion-mnist", "mnist", "cifar10", "cifar100"])
      #expect(entries[1].folder == place.path("mnist"))
      #expect(entries[3].classes == 100 && entries[3].downloadBytes == 168_513_733)
      for entry in entries {
        let row = try #require(
          outcome.standardOutput.split(separator: "\n").first { $0.hasPrefix("  \(entry.name) ") })
        #expect(row.contains("MB") && row.hasSuffix(entry.folder ?? "–"))
      }
    }
  }

  // MARK: fetch and verify

  struct Verification: Decodable {
    struct File: Decodable {
      let name: String
      let isGood: Bool
      let detail: String
    }
    let isGood: Bool
    let folder: String
    let files: [File]
  }

  /// The whole way with the real data: interrupted, taken up, checked, damaged, mended, read by name.
  @Test(.enabled(if: InstalledFashionMNIST.isExpected, "\(InstalledFashionMNIST.comment)"))
  func `Fashion-MNIST comes from its server, and is what was published`() throws {
    let files = try #require(OfficialFashionMNIST.files(), "make setup fetches it")
    let server = try LoopbackServer { request in
      files[String(request.path.dropFirst())].map { .file($0, for: request) } ?? .init(404)
    }
    try Workplace.with { place in
      let environment = ["SPIKEGUARD_DATA": place.path("home")]
      let images = "train-images-idx3-ubyte.gz"
      try place.write(
        Data(files[images]!.prefix(20_000_000)), to: "home/fashion-mnist/.fetch/\(images).part")
      let fetch = "data fetch fashion-mnist --from \(server.address)"
      let outcome = try place.run(fetch, environment: environment)
      #expect(outcome.exitCode == 0, "\(outcome.standardError)")
      let folder = place.path("home/fashion-mnist")
      #expect(outcome.standardOutput == "fashion-mnist is in \(folder)\n")
      #expect(outcome.standardError.contains("✓ Downloading \(images): \(images) is in place"))
      #expect(server.requests.map(\.rangeStart) == [20_000_000, nil, nil, nil])
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == files.keys.sorted())
      for (name, content) in files {
        #expect(try Array(place.contents("home/fashion-mnist/" + name)) == content)
      }

      let good = try place.run("data verify fashion-mnist --json v.json", environment: environment)
      #expect(good.exitCode == 0 && good.standardOutput.hasPrefix(folder + "\n"), "\(good)")
      #expect(good.standardOutput.contains("✓ all 60000 + 10000 images can be read"))
      let record = try place.json("v.json", as: Verification.self)
      #expect(record.isGood && record.files.allSatisfy { $0.detail == "intact (SHA-256)" })

      // One bit, in the middle of the pixels.
      var damaged = Data(files[images]!)
      damaged[13_000_000] ^= 4
      try place.write(damaged, to: "home/fashion-mnist/\(images)")
      let bad = try place.run("data verify fashion-mnist:\(folder) --json v.json")
      #expect(bad.exitCode == 1 && bad.standardError == "")
      #expect(bad.standardOutput.contains("  ✗ \(images): expected content of MD5 f4a8712d7a061bf"))
      #expect(
        bad.standardOutput.hasSuffix("→ spikeguard data fetch fashion-mnist --to \(folder)\n"))
      #expect(try place.json("v.json", as: Verification.self).files.count { !$0.isGood } == 1)

      let before = server.requests.count
      #expect(try place.run(fetch, environment: environment).exitCode == 0)
      #expect(server.requests.dropFirst(before).map(\.path) == ["/" + images])
      #expect(try Array(place.contents("home/fashion-mnist/" + images)) == files[images])
    }
  }

  @Test func `a fetch that fails says why and leaves what was there`() throws {
    let page = Array("<html>moved</html>".utf8)
    let server = try LoopbackServer { request in
      request.path.contains("/gone/")
        ? .init(404, headers: [("Content-Length", "0")])
        : .init(200, headers: [("Content-Length", "\(page.count)")], body: page)
    }
    try Workplace.with { place in
      try place.write(Data(bytes: "mine", count: 4), to: "set/t10k-labels-idx1-ubyte.gz")
      let before = try place.files()
      for (path, found) in [
        ("gone", "HTTP status 404 (Not Found)"), ("page", "a file of 18 bytes"),
      ] {
        let outcome = try place.run("data fetch mnist --to set --from \(server.address)\(path)/")
        #expect(outcome.exitCode == 1 && outcome.standardOutput == "")
        let url = "\(server.address)\(path)/train-images-idx3-ubyte.gz"
        #expect(
          outcome.standardError.hasSuffix(
            "Error: \(url): expected a file of 9912422 bytes, found \(found). Check the address and "
              + "the network, then fetch again, or name a mirror with --from.\n"),
          "\(outcome.standardError)")
        #expect(try place.files() == before)
      }
    }
  }

  /// Files of the published length without content: long enough for the reader, of another digest.
  @Test func `CIFAR is read by its name, and content of another digest is found`() throws {
    try Workplace.with { place in
      for (name, length) in [("train.bin", 153_700_000), ("test.bin", 30_740_000)] {
        let path = "home/cifar100/cifar-100-binary/" + name
        try place.write(Data(), to: path)
        #expect(truncate(place.path(path), length) == 0)  // a hole takes no space
      }
      let names = (0..<100).map { "class \($0)" }.joined(separator: "\n") + "\n"
      try place.write(Data(names.utf8), to: "home/cifar100/cifar-100-binary/fine_label_names.txt")
      let environment = ["SPIKEGUARD_DATA": place.path("home")]
      let preview = try place.run(
        "data preview cifar100 --split test --count 4 --out p.svg", environment: environment)
      #expect(preview.exitCode == 0, "\(preview.standardError)")
      #expect(preview.standardOutput == "4 of 10000 images in p.svg\n")
      let verification = try place.run("data verify cifar100", environment: environment)
      #expect(verification.exitCode == 1)
      #expect(verification.standardOutput.hasPrefix(place.path("home/cifar100") + "\n"))
      #expect(
        verification.standardOutput.contains(
          "  ✗ test.bin: expected MD5 4499cfba6c016c1be1438163640a0898, found "))
      #expect(verification.standardOutput.contains("  ✓ fine_label_names.txt: there; no digest"))
      #expect(verification.standardOutput.contains("  ✗ coarse_label_names.txt: not there"))
    }
  }

  // MARK: info and preview

  @Test func `info tells counts, classes, pixels and the checksum of both splits`() throws {
    try Workplace.with { place in
      try place.writeIDX("") { $0 }
      let text = try place.succeed("data info mnist:idx --json i.json")
      let summaries = try place.json("i.json", as: [DatasetSummary].self)
      #expect(summaries.map(\.facts.split) == [.train, .test])
      let values = (0..<384).map { Double($0 % 251) / 255 }
      let mean = values.reduce(0, +) / 384
      let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 384
      for summary in summaries {
        #expect(summary.shape == [1, 8, 8] && summary.facts.count == 6)
        #expect(summary.classes.map(\.count) == [1, 1, 1, 1, 1, 0, 0, 0, 0, 1])
        #expect(abs(summary.pixelMean[0] - mean) < 1e-12)
        #expect(abs(summary.pixelDeviation[0] - variance.squareRoot()) < 1e-12)
        #expect(text.contains("CRC-32           \(summary.facts.crc32)"))
      }
      #expect(text.contains("mnist train: 6 images 1x8x8, 10 classes"))
      #expect(text.contains("pixel mean       \(String(format: "%.4f", mean))"))
    }
  }

  @Test func `info of a file of tensors is about one set`() throws {
    try Workplace.with { place in
      let text = try place.succeed("data info tensors:data.safetensors --json i.json")
      #expect(text.hasPrefix("data: 40 images 1x8x8\n"))
      let summary = try place.json("i.json", as: [DatasetSummary].self)
      #expect(summary.count == 1 && summary[0].classes.map(\.count) == [10, 10, 10, 10])
    }
  }

  @Test func `a preview shows samples as they are, under their names, the same for a seed`() throws
  {
    try Workplace.with { place in
      let line = "data preview tensors:data.safetensors --count 9"
      try place.succeed("\(line) --out a.svg")
      try place.succeed("\(line) --out b.svg --seed 0")
      try place.succeed("\(line) --out c.svg --seed 1")
      let text = String(decoding: try place.contents("a.svg"), as: UTF8.self)
      #expect(try place.contents("b.svg") == Data(text.utf8))
      #expect(try place.contents("c.svg") != Data(text.utf8))

      let pattern =
        #/<title>(\d+), image (\d+)<\/title>\n<image [^>]*base64,([A-Za-z0-9+\/=]+)"\/>/#
      let samples = text.matches(of: pattern)
      #expect(samples.count == 9 && Set(samples.map(\.2)).count == 9)
      let tensors = Workplace.quarters
      let labels = tensors["labels"]!.scalars(of: Int.self)
      for sample in samples {
        let index = try #require(Int(sample.2))
        #expect(String(labels[index]) == sample.1)
        let pixels = tensors["images"]![index].scalars(of: Float.self)
          .map { UInt8(($0 * 255).rounded()) }
        let png = PNGImage(pixels: pixels, channels: 1, height: 8, width: 8).encoded()
        #expect(Data(base64Encoded: String(sample.3)) == Data(png))
      }
      #expect(text.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
      #expect(text.hasSuffix("</svg>\n"))
      #expect(
        try place.succeed("data preview tensors:data.safetensors --count 99 --out d.svg")
          == "40 of 40 images in d.svg\n")
    }
  }

  // MARK: bad input

  static let forms =
    "expected one of fashion-mnist[:FOLDER], mnist[:FOLDER], cifar10[:FOLDER], cifar100[:FOLDER], "
    + "tensors:FILE, found"
  static let bad: [BadInput] = [
    BadInput(
      "data fetch cifar",
      "data set 'cifar': expected one of fashion-mnist, mnist, cifar10, "
        + "cifar100, found an unknown name. Write cifar10 if that is what you mean."),
    BadInput(
      "data fetch mnist --to new --from ftp://host/",
      "ftp://host/: expected an address as https://host/folder, found another one. Name the folder "
        + "at the server that holds the files."),
    BadInput(
      "data info imagenet", "data set 'imagenet': \(forms) an unknown name. Write one of these."),
    BadInput(
      "data info cifar10:none",
      "cifar10: expected data_batch_1.bin, data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, "
        + "data_batch_5.bin, batches.meta.txt, found no folder DIR/none. Run spikeguard data fetch "
        + "cifar10, or name the folder as cifar10:FOLDER."),
    BadInput(
      "data preview tensors:data.safetensors --count 0 --out new.svg",
      "--count: expected 1 to 2000 images, found 0"),
    BadInput(
      "data preview tensors:bad.safetensors --out new.svg",
      "bad: expected images of 1 channel (grey) or 3 (RGB), found 2x8x4; take others"
    ) { try $0.writeBadData({ $0.reshaped([40, 2, 8, 4]) }) },
    BadInput(
      "data preview tensors:data.safetensors --out data.safetensors",
      "data.safetensors: expected another file for --out, found the input; name a file of its own"),
    BadInput(
      "data preview tensors:data.safetensors --out none/new.svg",
      "none/new.svg: expected a folder that can be written to, found no folder DIR/none; make it, or "
        + "name another file"),
  ]

  @Test(arguments: bad)
  func `bad input ends with one sentence`(_ row: BadInput) throws { try row.check() }
}
