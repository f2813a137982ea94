internal import CCrypto
import Foundation

/// A cryptographic digest: what tells a published file from a damaged or a forged one.
///
/// Computed by OpenSSL. MD5 stands only beside old data sets whose publishers give nothing else: it finds
/// damage, not malice.
/// Reference: FIPS 180-4 (SHA-256), RFC 1321 (MD5).
public struct Digest: Hashable, Sendable {
  public enum Algorithm: String, Sendable, Codable, CaseIterable {
    case md5 = "MD5"
    case sha256 = "SHA-256"

    /// Bytes of a digest.
    public var byteCount: Int { self == .md5 ? 16 : 32 }
  }

  public let algorithm: Algorithm
  public let bytes: [UInt8]

  /// From two hexadecimal digits a byte; nil where it is not as many as the algorithm's.
  public init?(_ algorithm: Algorithm, _ text: String) {
    let digits = Array(text)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    guard digits.count == 2 * algorithm.byteCount, bytes.count == algorithm.byteCount,
      digits.allSatisfy(\.isHexDigit)
    else { return nil }
    self.init(algorithm, bytes: bytes)
  }

  fileprivate init(_ algorithm: Algorithm, bytes: [UInt8]) {
    self.algorithm = algorithm
    self.bytes = bytes
  }

  /// Lower-case digits, as `sha256sum` prints them.
  public var hexadecimal: String { bytes.map { String(format: "%02x", $0) }.joined() }

  public static func md5(of bytes: some Sequence<UInt8>) -> Digest { of(Array(bytes), .md5) }
  public static func sha256(of bytes: some Sequence<UInt8>) -> Digest { of(Array(bytes), .sha256) }

  private static func of(_ bytes: [UInt8], _ algorithm: Algorithm) -> Digest {
    let stream = DigestStream(algorithm)
    bytes.withUnsafeBytes(stream.append)
    return stream.finish()
  }

  /// Several digests of a file in one pass over it, in the order of the algorithms.
  ///
  /// - Throws: when the file cannot be read.
  public static func of(
    contentsOf url: URL, _ algorithms: [Algorithm]
  ) throws(DatasetError) -> [Digest] {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    let streams = algorithms.map(DigestStream.init)
    var block = [UInt8](repeating: 0, count: 1 << 18)
    var count = descriptor < 0 ? -1 : 1
    while count > 0 {
      count = read(descriptor, &block, block.count)
      if count < 0, errno == EINTR {
        count = 1
        continue
      }
      block.withUnsafeBytes { bytes in
        for stream in streams {
          stream.append(UnsafeRawBufferPointer(rebasing: bytes[..<max(0, count)]))
        }
      }
    }
    guard count == 0 else {
      throw DatasetError(
        errno == ENOENT ? .missing : .unreadable, url.path, expected: "a file that can be read",
        found: String(cString: strerror(errno)), remedy: "Check the path and its permissions")
    }
    return streams.map { $0.finish() }
  }
}

extension Digest: CustomStringConvertible {
  public var description: String { "\(algorithm.rawValue) \(hexadecimal)" }
}

/// A digest in the making, for bytes that come in pieces.
///
///     let stream = DigestStream(.sha256)
///     for piece in pieces { piece.withUnsafeBytes(stream.append) }
///     let digest = stream.finish()
public final class DigestStream {
  private let algorithm: Digest.Algorithm
  private let context: OpaquePointer
  private var isFinished = false

  public init(_ algorithm: Digest.Algorithm) {
    self.algorithm = algorithm
    context = EVP_MD_CTX_new()
    let method = algorithm == .md5 ? EVP_md5() : EVP_sha256()
    precondition(
      EVP_DigestInit_ex(context, method, nil) == 1,
      "Digest: this system's OpenSSL has no \(algorithm.rawValue); is it in FIPS mode?")
  }

  deinit { EVP_MD_CTX_free(context) }

  /// - Precondition: not after ``finish()``.
  public func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(!isFinished, "Digest: nothing can follow the end")
    guard let base = bytes.baseAddress else { return }
    precondition(EVP_DigestUpdate(context, base, bytes.count) == 1, "Digest: OpenSSL failed")
  }

  /// The digest of all bytes so far. To be called once.
  public func finish() -> Digest {
    precondition(!isFinished, "Digest: it is finished already")
    isFinished = true
    let bytes = [UInt8](unsafeUninitializedCapacity: algorithm.byteCount) { buffer, count in
      precondition(
        EVP_DigestFinal_ex(context, buffer.baseAddress, nil) == 1, "Digest: OpenSSL failed")
      count = algorithm.byteCount
    }
    return Digest(algorithm, bytes: bytes)
  }
}
