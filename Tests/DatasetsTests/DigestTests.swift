import Datasets
import Foundation
import Testing

/// Against the standards' own examples and the system's tools.
@Suite struct DigestTests {
  /// RFC 1321, A.5, and FIPS 180-4's example values.
  static let examples: [(text: String, md5: String, sha256: String)] = [
    (
      "", "d41d8cd98f00b204e9800998ecf8427e",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    ),
    (
      "abc", "900150983cd24fb0d6963f7d28e17f72",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    ),
  ]

  @Test(arguments: examples)
  func `digests are the standards'`(text: String, md5: String, sha256: String) {
    #expect(Digest.md5(of: text.utf8).hexadecimal == md5)
    #expect(Digest.sha256(of: text.utf8).hexadecimal == sha256)
  }

  @Test func `bytes that come in pieces give the same as at once`() {
    let content = bytes(10_000)
    for size in [1, 63, 64, 65, 4096] {
      let stream = DigestStream(.sha256)
      for start in stride(from: 0, to: content.count, by: size) {
        content[start..<min(start + size, content.count)].withUnsafeBytes(stream.append)
      }
      #expect(stream.finish() == .sha256(of: content))
    }
  }

  @Test(arguments: [0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1])
  func `a file's digests are its content's, all in one pass`(count: Int) throws {
    let folder = Folder()
    let content = bytes(count)
    let file = folder.write(Data(content), to: "file")
    #expect(
      try Digest.of(contentsOf: file, [.md5, .sha256]) == [
        .md5(of: content), .sha256(of: content),
      ])
  }

  @Test func `what is no file says so`() {
    let folder = Folder()
    #expect(
      errorText(in: folder) {
        _ = try Digest.of(contentsOf: folder.url.appendingPathComponent("none"), [.md5])
      } == "DIR/none: expected a file that can be read, found No such file or directory. "
        + "Check the path and its permissions.")
    #expect(errorText { _ = try Digest.of(contentsOf: folder.url, [.md5]) } != "no error")
  }

  @Test func `hexadecimal text is read strictly`() {
    let text = Self.examples[1].md5
    #expect(Digest(.md5, text) == .md5(of: "abc".utf8))
    #expect(Digest(.md5, text.uppercased()) == .md5(of: "abc".utf8))
    #expect(Digest.md5(of: "abc".utf8).description == "MD5 \(text)")
    for bad in [
      "", String(text.dropLast()), text + "0", "+" + text.dropFirst(), "g" + text.dropFirst(),
    ] {
      #expect(Digest(.md5, bad) == nil, "\(bad)")
    }
    #expect(Digest(.sha256, text) == nil)
  }
}
