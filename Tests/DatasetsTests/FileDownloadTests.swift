import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Datasets

/// Servers of every kind: a download ends with the published bytes, or with a clear error and nothing lost.
@Suite(.timeLimit(.minutes(2))) struct FileDownloadTests {
  static let content = bytes(100_000)
  static let file = PublishedDataset.File(
    "set.bin", byteCount: content.count,
    digests: [.sha256(of: content), .md5(of: content)])

  typealias Answer = @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply
  static let good: Answer = { .file(content, for: $0) }

  /// What came of a download.
  struct Result {
    let error: String?
    /// The partial file.
    let held: [UInt8]?
    /// The first byte that each request asked for.
    let starts: [Int?]
    /// The lengths that were shown.
    let shown: [Int]
  }

  /// Downloads from a server with such answers, `held` being there already.
  private func download(
    _ file: PublishedDataset.File = file, holding held: [UInt8]? = nil, patience: Double = 20,
    answering answer: @escaping Answer
  ) throws -> Result {
    let folder = Folder()
    if let held { folder.write(Data(held), to: "set.part") }
    let server = try LoopbackServer(answering: answer)
    let partial = folder.url.appendingPathComponent("set.part")
    var settings = FetchSettings()
    (settings.attempts, settings.pause, settings.patience) = (3, 0, patience)
    let download = FileDownload(
      source: server.address.appendingPathComponent("set.bin"), file: file, partial: partial,
      settings: settings)
    var shown: [Int] = []
    let text = errorText { try download.run { shown.append($0) } }
      .replacing(server.address.absoluteString, with: "SERVER/")
      .replacing(folder.url.path, with: "DIR")
    return Result(
      error: text == "no error" ? nil : text,
      held: FileManager.default.contents(atPath: partial.path).map(Array.init),
      starts: server.requests.map(\.rangeStart), shown: shown)
  }

  @Test func `a good server is asked once`() throws {
    let result = try download(answering: Self.good)
    #expect(result.error == nil && result.held == Self.content && result.starts == [nil])
    #expect(result.shown == result.shown.sorted())
  }

  @Test func `a file that is there is not asked for`() throws {
    let result = try download(holding: Self.content, answering: Self.good)
    #expect(result.error == nil && result.held == Self.content && result.starts.isEmpty)
  }

  @Test func `a partial file is gone on with`() throws {
    let result = try download(holding: Array(Self.content.prefix(33_333)), answering: Self.good)
    #expect(result.error == nil && result.held == Self.content && result.starts == [33_333])
    #expect(result.shown.allSatisfy { $0 >= 33_333 })
  }

  /// More often than there are attempts: each brought something.
  @Test func `a connection that breaks is taken up where it broke`() throws {
    let result = try download { Self.good($0).cut(after: 18_000) }
    #expect(result.error == nil && result.held == Self.content)
    #expect(result.starts == [nil, 18_000, 36_000, 54_000, 72_000, 90_000])
  }

  @Test func `an answer without a length that ends early is taken up too`() throws {
    let result = try download { request in
      var reply = Self.good(request).cut(after: 60_000)
      reply.headers.removeAll { $0.0 == "Content-Length" }
      return reply
    }
    #expect(result.error == nil && result.held == Self.content)
    #expect(result.starts == [nil, 60_000])
  }

  @Test func `a server that falls silent is given up, and asked for the rest`() throws {
    let isFirst = Mutex(true)
    let result = try download(patience: 3) { request in
      let isSilent = isFirst.withLock { first in
        defer { first = false }
        return first
      }
      let reply = Self.good(request)
      return isSilent ? reply.cut(after: 70_000, silence: 8) : reply
    }
    #expect(result.error == nil && result.held == Self.content)
    #expect(result.starts == [nil, 70_000])
  }

  @Test func `a server that ignores the range gives the whole file`() throws {
    let result = try download(holding: bytes(40_000, seed: 99)) { _ in
      .init(200, headers: [("Content-Length", "\(Self.content.count)")], body: Self.content)
    }
    #expect(result.error == nil && result.held == Self.content && result.starts == [40_000])
  }

  /// The part that is there is of another version: the digest shows it, and all is fetched again.
  @Test func `a part of another version costs the part only`() throws {
    let result = try download(holding: bytes(40_000, seed: 99), answering: Self.good)
    #expect(result.error == nil && result.held == Self.content && result.starts == [40_000, nil])
  }

  @Test func `a whole file of another version is replaced`() throws {
    let result = try download(holding: bytes(Self.content.count, seed: 99), answering: Self.good)
    #expect(result.error == nil && result.held == Self.content && result.starts == [nil])
  }

  @Test func `a part that is too long is thrown away`() throws {
    let result = try download(holding: Self.content + [1], answering: Self.good)
    #expect(result.error == nil && result.held == Self.content && result.starts == [nil])
  }

  @Test func `a range of a file of another length starts over`() throws {
    let result = try download(holding: Array(Self.content.prefix(10))) { request in
      request.rangeStart == nil
        ? Self.good(request)
        : .init(
          206, headers: [("Content-Range", "bytes 10-89/90"), ("Content-Length", "80")],
          body: bytes(80))
    }
    #expect(result.error == nil && result.held == Self.content && result.starts == [10, nil])
  }

  @Test func `a range that cannot be given starts over`() throws {
    let result = try download(holding: Array(Self.content.prefix(10))) { request in
      request.rangeStart == nil ? Self.good(request) : .init(416)
    }
    #expect(result.error == nil && result.held == Self.content && result.starts == [10, nil])
  }

  @Test func `a redirection is followed, with the range`() throws {
    let result = try download(holding: Array(Self.content.prefix(10))) { request in
      request.path == "/set.bin"
        ? .init(302, headers: [("Location", "/moved/set.bin"), ("Content-Length", "0")])
        : Self.good(request)
    }
    #expect(result.error == nil && result.held == Self.content && result.starts == [10, 10])
  }

  @Test func `a server that is busy is asked again`() throws {
    let count = Mutex(0)
    let result = try download { request in
      let number = count.withLock { count in
        count += 1
        return count
      }
      return number < 3 ? .init(503, headers: [("Content-Length", "0")]) : Self.good(request)
    }
    #expect(result.error == nil && result.held == Self.content && result.starts == [nil, nil, nil])
  }

  private static let mirror = "or name a mirror with --from."
  private static let again = "Check the address and the network, then fetch again"

  /// Each with how often it is asked, and what it leaves of a part that is there.
  static let refusals: [(name: String, answer: Answer, asked: Int, text: String)] = [
    (
      "not found", { _ in .init(404, body: Array("<html>".utf8)) }, 1,
      "found HTTP status 404 (Not Found). \(again): it goes on from byte 50, \(mirror)"
    ),
    (
      "forbidden", { _ in .init(403, headers: [("Content-Length", "0")]) }, 1,
      "found HTTP status 403 (Forbidden). \(again): it goes on from byte 50, \(mirror)"
    ),
    (
      "broken", { _ in .init(500, headers: [("Content-Length", "0")]) }, 3,
      "found HTTP status 500 (Internal Server Error). \(again): it goes on from byte 50, \(mirror)"
    ),
    (
      "a length that is too large",
      { _ in .init(200, headers: [("Content-Length", "100010")], body: content) }, 1,
      "found a file of 100010 bytes. \(again): it goes on from byte 50, \(mirror)"
    ),
    (
      "a length that is too small",
      { _ in .init(200, headers: [("Content-Length", "99990")], body: content) }, 1,
      "found a file of 99990 bytes. \(again): it goes on from byte 50, \(mirror)"
    ),
    (
      "a web page", { _ in .init(200, headers: [("Content-Length", "6")], body: bytes(6)) }, 1,
      "found a file of 6 bytes. \(again): it goes on from byte 50, \(mirror)"
    ),
    (
      "another part",
      { _ in
        .init(
          206, headers: [("Content-Range", "bytes 0-99999/100000"), ("Content-Length", "100000")],
          body: content)
      }, 1,
      "found another part of the file than bytes 50-. \(again): it goes on from byte 50, \(mirror)"
    ),
    (
      "a redirection to itself",
      { _ in .init(302, headers: [("Location", "/set.bin"), ("Content-Length", "0")]) }, -1, ""
    ),
  ]

  @Test(arguments: refusals.indices)
  func `a server that refuses is named, and costs nothing`(index: Int) throws {
    let row = Self.refusals[index]
    let part = Array(Self.content.prefix(50))
    let result = try download(holding: part, answering: row.answer)
    let error = try #require(result.error, "\(row.name)")
    #expect(error.hasPrefix("SERVER/set.bin: expected a file of 100000 bytes, found "))
    #expect(result.held == part, "\(row.name)")
    guard row.asked > 0 else { return }
    #expect(error == "SERVER/set.bin: expected a file of 100000 bytes, \(row.text)")
    #expect(result.starts == Array(repeating: 50, count: row.asked), "\(row.name)")
  }

  @Test func `wrong bytes are refused and not kept`() throws {
    let result = try download { request in .file(bytes(Self.content.count, seed: 9), for: request) }
    let found = Digest.sha256(of: bytes(Self.content.count, seed: 9)).hexadecimal
    #expect(
      result.error
        == "SERVER/set.bin: expected \(Digest.sha256(of: Self.content)), found \(found). Fetch it "
        + "again; if that does not help, the server has another file: name a mirror with --from.")
    #expect(result.held == nil && result.starts == [nil])
  }

  @Test func `wrong bytes behind a part are refused after a second try from the start`() throws {
    let wrong = bytes(Self.content.count, seed: 9)
    let result = try download(holding: Array(wrong.prefix(5))) { .file(wrong, for: $0) }
    #expect(result.error != nil && result.held == nil && result.starts == [5, nil])
  }

  @Test func `more bytes than there should be are not taken`() throws {
    let result = try download { _ in .init(200, body: Self.content + bytes(1_000_000)) }
    #expect(result.error?.contains("found more than 100000 bytes") == true)
    #expect((result.held?.count ?? 0) <= 100_000)
  }

  @Test func `a server that is not there is named`() throws {
    let port = try DeafPort()
    let folder = Folder()
    var settings = FetchSettings()
    (settings.attempts, settings.pause) = (2, 0)
    let download = FileDownload(
      source: port.address.appendingPathComponent("set.bin"), file: Self.file,
      partial: folder.url.appendingPathComponent("set.part"), settings: settings)
    let text = errorText { try download.run { _ in } }
    #expect(text.contains("found no server that answers. \(Self.again), \(Self.mirror)"), "\(text)")
  }

  @Test func `a place that cannot be written to is named`() throws {
    let server = try LoopbackServer(answering: Self.good)
    let download = FileDownload(
      source: server.address.appendingPathComponent("set.bin"), file: Self.file,
      partial: URL(fileURLWithPath: "/no/such/folder/set.part"))
    #expect(
      errorText { try download.run { _ in } }
        == "/no/such/folder/set.part: expected a file that can be written, found No such file or "
        + "directory. Check the folder's permissions and the space left, then fetch again.")
  }

  @Test func `a file of unknown length and digest is what the server gives`() throws {
    let result = try download(PublishedDataset.File("set.bin"), answering: Self.good)
    #expect(result.error == nil && result.held == Self.content)
  }
}
