import Foundation

/// `SHA256SUMS` in a data set's folder: the digests of its files, in the form of `sha256sum --check`.
struct DigestList: Equatable {
  static let fileName = "SHA256SUMS"
  private(set) var digests: [String: Digest] = [:]

  init(_ digests: [String: Digest] = [:]) { self.digests = digests }

  /// Empty where there is no such file. Lines of another form say nothing and are left out.
  init(in folder: URL) {
    let path = folder.appendingPathComponent(Self.fileName).path
    guard let bytes = FileManager.default.contents(atPath: path), bytes.count < 1 << 20 else {
      return
    }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let digest = Digest(.sha256, String(parts[0])) else { continue }
      digests[String(parts[1].drop { $0 == " " || $0 == "*" })] = digest
    }
  }

  subscript(path: String) -> Digest? { digests[path] }

  var text: String {
    digests.sorted { $0.key < $1.key }.map { "\($0.value.hexadecimal)  \($0.key)\n" }.joined()
  }
}
