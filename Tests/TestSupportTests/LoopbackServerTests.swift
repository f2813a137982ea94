import Foundation
import TestSupport
import Testing

/// With the tool that everyone has, so that a mistake of ours is not made twice.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl")))
struct LoopbackServerTests {
  private func curl(_ options: [String], _ server: LoopbackServer) throws -> BuiltProduct.Outcome {
    try BuiltProduct(path: "/usr/bin/curl").run(
      ["--silent", "--max-time", "20"] + options + [server.address.absoluteString + "a"])
  }

  @Test func `a good server serves a file whole and in part`() throws {
    let server = try LoopbackServer { .file(Array("abcdefgh".utf8), for: $0) }
    #expect(try curl([], server).standardOutput == "abcdefgh")
    #expect(try curl(["--range", "3-"], server).standardOutput == "defgh")
    #expect(
      try curl(["--range", "8-", "--write-out", "%{http_code}"], server).standardOutput == "416")
    #expect(server.requests.map(\.path) == ["/a", "/a", "/a"])
    #expect(server.requests.map(\.rangeStart) == [nil, 3, 8])
  }

  @Test func `a bad server ends in the middle`() throws {
    let server = try LoopbackServer { .file(Array("abcdefgh".utf8), for: $0).cut(after: 5) }
    let outcome = try curl([], server)
    #expect(outcome.standardOutput == "abcde" && outcome.exitCode == 18)  // "partial file"
  }
}
