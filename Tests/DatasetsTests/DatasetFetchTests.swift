import Foundation
import TestSupport
import Testing

@testable import Datasets

/// From the server into the folder: nothing that is good is ever replaced by what is not.
@Suite(.timeLimit(.minutes(2))) struct DatasetFetchTests {
  let folder = Folder()
  var target: URL { folder.url.appendingPathComponent("data/small") }

  static let contents = ["a-idx3-ubyte.gz": Array(gzipped(Data(bytes(3000)))), "b.bin": bytes(500)]

  /// Two files, served as they are.
  static let plain = dataset(
    .files,
    contents.sorted { $0.key < $1.key }.map { name, content in
      .init(name, byteCount: content.count, digests: [.sha256(of: content)])
    })

  static func dataset(
    _ packing: PublishedDataset.Packing, _ files: [PublishedDataset.File]
  ) -> PublishedDataset {
    PublishedDataset(
      name: "small", title: "Small", credit: "none",
      shape: .init(channels: 1, height: 1, width: 1), classes: 2, trainCount: 1, testCount: 1,
      address: URL(string: "http://127.0.0.1:9/")!, packing: packing, files: files)
  }

  private func fetch(
    _ dataset: PublishedDataset, from contents: [String: [UInt8]]
  ) throws -> (asked: [String], events: [DatasetFetch.Event], error: String?) {
    let server = try LoopbackServer { request in
      contents[String(request.path.dropFirst("/mirror/".count))].map { .file($0, for: request) }
        ?? .init(404)
    }
    var fetch = DatasetFetch(
      dataset, to: target, from: server.address.appendingPathComponent("mirror"))
    (fetch.settings.attempts, fetch.settings.pause) = (2, 0)
    var events: [DatasetFetch.Event] = []
    let text = errorText(in: folder) { try fetch.run { events.append($0) } }
      .replacing(server.address.absoluteString, with: "SERVER/")
    return (server.requests.map(\.path), events, text == "no error" ? nil : text)
  }

  /// Every file below the target.
  private var files: [String: [UInt8]] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: target.path)) ?? []
    return Dictionary(
      uniqueKeysWithValues: names.compactMap { name in
        FileManager.default.contents(atPath: target.path + "/" + name).map { (name, Array($0)) }
      })
  }

  @Test func `files come, and are left alone the next time`() throws {
    let first = try fetch(Self.plain, from: Self.contents)
    #expect(first.error == nil && files == Self.contents)
    #expect(first.asked == ["/mirror/a-idx3-ubyte.gz", "/mirror/b.bin"])
    #expect(first.events.contains(.installed("b.bin")))
    let second = try fetch(Self.plain, from: [:])
    #expect(second.error == nil && second.asked.isEmpty && files == Self.contents)
    #expect(second.events == [.kept("a-idx3-ubyte.gz"), .kept("b.bin")])
  }

  @Test func `only what is damaged or missing is fetched`() throws {
    folder.write(Data(bytes(500, seed: 8)), to: "data/small/b.bin")
    folder.write(Data(Self.contents["a-idx3-ubyte.gz"]!), to: "data/small/a-idx3-ubyte.gz")
    let result = try fetch(Self.plain, from: Self.contents)
    #expect(result.error == nil && result.asked == ["/mirror/b.bin"] && files == Self.contents)
  }

  @Test func `a fetch that fails leaves every file as it was`() throws {
    let old = bytes(500, seed: 8)
    folder.write(Data(old), to: "data/small/b.bin")
    for wrong in [bytes(500, seed: 9), bytes(400), []] {
      let result = try fetch(
        Self.plain, from: ["a-idx3-ubyte.gz": Self.contents["a-idx3-ubyte.gz"]!, "b.bin": wrong])
      #expect(result.error != nil)
      #expect(files["b.bin"] == old)
      #expect(files["a-idx3-ubyte.gz"] == Self.contents["a-idx3-ubyte.gz"])
    }
    let result = try fetch(Self.plain, from: [:])
    #expect(
      result.error == "SERVER/mirror/b.bin: expected a file of 500 bytes, found HTTP status 404 "
        + "(Not Found). Check the address and the network, then fetch again, or name a mirror "
        + "with --from.")
    #expect(try fetch(Self.plain, from: Self.contents).error == nil && files == Self.contents)
  }

  /// `cut` stands for a process that was killed: what it had is gone on with.
  @Test func `a download that was interrupted is gone on with`() throws {
    folder.write(Data(Self.contents["b.bin"]!.prefix(123)), to: "data/small/.fetch/b.bin.part")
    let server = try LoopbackServer { request in
      .file(Self.contents[String(request.path.dropFirst())]!, for: request)
    }
    try DatasetFetch(Self.plain, to: target, from: server.address).run()
    #expect(server.requests.map(\.rangeStart) == [nil, 123] && files == Self.contents)
  }

  /// The plain file would be read before the packed one.
  @Test func `a damaged double is set aside`() throws {
    folder.write(Data(bytes(10)), to: "data/small/a-idx3-ubyte")
    #expect(try fetch(Self.plain, from: Self.contents).error == nil)
    var expected = Self.contents
    expected["a-idx3-ubyte.damaged"] = bytes(10)
    #expect(files == expected)
  }

  @Test func `two fetches do not meet`() throws {
    let workshop = target.appendingPathComponent(".fetch")
    try FileManager.default.createDirectory(at: workshop, withIntermediateDirectories: true)
    let lock = open(workshop.path + "/lock", O_RDWR | O_CREAT, 0o666)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX) == 0)
    #expect(
      try fetch(Self.plain, from: Self.contents).error
        == "DIR/data/small/.fetch/lock: expected no other fetch into this folder, found one. "
        + "Wait for its end.")
  }

  @Test func `a place that is none is named`() throws {
    folder.write(Data(), to: "data")
    let text = try fetch(Self.plain, from: Self.contents).error
    #expect(
      text == "DIR/data/small/.fetch: expected a place that can be written to, found Not a "
        + "directory. Check its permissions, or name another folder with --to.")
  }

  @Test(arguments: ["ftp://host/x", "/mirror", "file:///mirror"])
  func `other addresses are refused`(text: String) throws {
    let address = try #require(URL(string: text))
    let found = errorText { try DatasetFetch(Self.plain, to: target, from: address).run() }
    #expect(
      found == "\(text): expected an address as https://host/folder, found another one. "
        + "Name the folder at the server that holds the files.")
  }

  // MARK: Archives

  static let members = ["set/one.bin": bytes(700), "set/names.txt": Array("a\nb\n".utf8)]

  /// An archive of these files and of what `tar` adds, and the data set that it is.
  private func archive(
    _ options: [String] = [], extra: (URL) throws -> Void = { _ in }
  ) throws -> (dataset: PublishedDataset, bytes: [UInt8]) {
    let source = Folder()
    for (name, content) in Self.members { source.write(Data(content), to: name) }
    source.write(Data(bytes(9)), to: "set/unwanted.bin")
    try extra(source.url)
    let file = source.url.appendingPathComponent("small.tar.gz")
    let arguments = ["-C", source.url.path, "-czf", file.path] + options + ["set"]
    let outcome = try BuiltProduct(path: "/usr/bin/env").run(["tar"] + arguments)
    try #require(outcome.exitCode == 0, "\(outcome.standardError)")
    let content = Array(try Data(contentsOf: file))
    let files = Self.members.sorted { $0.key < $1.key }.map { name, content in
      PublishedDataset.File(name, byteCount: name.hasSuffix("txt") ? nil : content.count)
    }
    let packed = PublishedDataset.File(
      "small.tar.gz", byteCount: content.count, digests: [.sha256(of: content)])
    return (Self.dataset(.archive(packed), files), content)
  }

  @Test func `an archive's wanted files come, with the list of their digests`() throws {
    let (dataset, packed) = try archive()
    let result = try fetch(dataset, from: ["small.tar.gz": packed])
    #expect(result.error == nil && result.events.contains(.unpacking("small.tar.gz")))
    var expected = Self.members
    let sums = Self.members.sorted { $0.key < $1.key }
      .map { "\(Digest.sha256(of: $0.value).hexadecimal)  \($0.key)\n" }.joined()
    expected["SHA256SUMS"] = Array(sums.utf8)
    #expect(files == expected)
    // The tool that everyone has agrees.
    let outcome = try BuiltProduct(path: "/usr/bin/env").run(
      ["sha256sum", "--check", "SHA256SUMS"], in: target.path)
    #expect(outcome.exitCode == 0, "\(outcome.standardError)")
    #expect(try fetch(dataset, from: [:]).asked.isEmpty)
  }

  @Test func `the list finds damage of which the catalogue knows nothing`() throws {
    let (dataset, packed) = try archive()
    #expect(try fetch(dataset, from: ["small.tar.gz": packed]).error == nil)
    for place in [target, target.appendingPathComponent("set")] {
      #expect(try dataset.check(in: place).allSatisfy { $0.state != .unproven && $0.state.isGood })
    }
    folder.write(Data(bytes(700, seed: 1)), to: "data/small/set/one.bin")
    let damage = PublishedDataset.FileState.damaged(
      expected: "\(Digest.sha256(of: Self.members["set/one.bin"]!))",
      found: Digest.sha256(of: bytes(700, seed: 1)).hexadecimal)
    for place in [target, target.appendingPathComponent("set")] {
      #expect(try dataset.check(in: place).map(\.state).contains(damage))
    }
    #expect(try fetch(dataset, from: ["small.tar.gz": packed]).error == nil)
    #expect(files["set/one.bin"] == Self.members["set/one.bin"])
  }

  @Test func `an archive that would write elsewhere is refused as a whole`() throws {
    let rows: [(options: [String], extra: (URL) throws -> Void, found: String)] = [
      (["--transform", "s|set/unwanted.bin|../unwanted.bin|"], { _ in }, "'../unwanted.bin' (-"),
      (
        ["-P", "--transform", "s|set/unwanted.bin|/tmp/unwanted.bin|"], { _ in },
        "'/tmp/unwanted.bin' (-"
      ),
      (
        [],
        {
          try FileManager.default.createSymbolicLink(
            atPath: $0.path + "/set/link", withDestinationPath: "/etc")
        }, "'set/link -> /etc' (l"
      ),
      (
        [],
        {
          try FileManager.default.linkItem(
            atPath: $0.path + "/set/one.bin", toPath: $0.path + "/set/twice.bin")
        }, "link to set/"
      ),
      ([], { mkfifo($0.path + "/set/pipe", 0o600) }, "'set/pipe' (p"),
    ]
    for row in rows {
      let (dataset, packed) = try archive(row.options, extra: row.extra)
      let error = try #require(try fetch(dataset, from: ["small.tar.gz": packed]).error)
      #expect(error.contains("expected files and folders with names inside the archive, found '"))
      #expect(error.contains(row.found), "\(error)")
      #expect(files.isEmpty)
    }
    #expect(!FileManager.default.fileExists(atPath: "/tmp/unwanted.bin"))
  }

  @Test func `an archive without a wanted file, or of another kind, is refused`() throws {
    let (dataset, packed) = try archive()
    let more = Self.dataset(dataset.packing, dataset.files + [.init("set/more.bin")])
    #expect(
      try fetch(more, from: ["small.tar.gz": packed]).error
        == "DIR/data/small/.fetch/small.tar.gz.part: expected an archive with set/more.bin, found "
        + "none such. Fetch it again, or from the official address.")
    let text = bytes(300)
    let other = Self.dataset(
      .archive(.init("small.tar.gz", byteCount: 300, digests: [.sha256(of: text)])), dataset.files)
    let error = try #require(try fetch(other, from: ["small.tar.gz": text]).error)
    #expect(error.contains("expected a .tar.gz archive that tar can read, found "))
    #expect(files.isEmpty)
  }

  @Test func `a member of another length is refused`() throws {
    let (dataset, packed) = try archive()
    let other = Self.dataset(dataset.packing, [.init("set/one.bin", byteCount: 701)])
    #expect(
      try fetch(other, from: ["small.tar.gz": packed]).error
        == "set/one.bin: expected 701 bytes, found 700. Check the disk, then fetch again.")
    #expect(files.isEmpty)
  }
}
