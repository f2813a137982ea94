import Foundation

/// An HTTP server on 127.0.0.1 that answers as a test tells it to, badly if that is the test.
///
///     let server = try LoopbackServer { request in .file(bytes, for: request) }
///     fetch(server.address.appendingPathComponent("name"))
///     #expect(server.requests.count == 1)
///
/// Each connection gets one answer and is closed. The server ends with the value.
public final class LoopbackServer: Sendable {
  public struct Request: Sendable, Equatable {
    public let method: String
    public let path: String
    /// By lower-case name.
    public let headers: [String: String]

    /// The first byte that is asked for; nil where all are.
    public var rangeStart: Int? {
      headers["range"].flatMap { $0.firstMatch(of: /^bytes=(\d+)-$/) }.flatMap { Int($0.1) }
    }
  }

  public struct Reply: Sendable {
    public var status: Int
    public var headers: [(String, String)]
    public var body: [UInt8]
    /// Seconds of silence after the body, before the connection is closed.
    public var silence = 0.0

    /// Says nothing that is not in `headers`.
    public init(_ status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
      self.status = status
      self.headers = headers
      self.body = body
    }

    /// As a good server answers: all of the file, or the rest of it when a range is asked for.
    public static func file(_ bytes: [UInt8], for request: Request) -> Reply {
      guard let start = request.rangeStart else {
        return Reply(200, headers: [("Content-Length", "\(bytes.count)")], body: bytes)
      }
      guard start < bytes.count else {
        return Reply(416, headers: [("Content-Range", "bytes */\(bytes.count)")])
      }
      return Reply(
        206,
        headers: [
          ("Content-Length", "\(bytes.count - start)"),
          ("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"),
        ], body: Array(bytes[start...]))
    }

    /// The same headers with less behind them: the connection ends in the middle.
    public func cut(after count: Int, silence: Double = 0) -> Reply {
      var reply = self
      reply.body = Array(body.prefix(count))
      reply.silence = silence
      return reply
    }
  }

  private let listener: Int32
  private let port: UInt16
  private let log = Log()

  private final class Log: @unchecked Sendable {
    private let lock = NSLock()
    private var held: [Request] = []
    var requests: [Request] { lock.withLock { held } }
    func append(_ request: Request) { lock.withLock { held.append(request) } }
  }

  /// Starts it at a port that is free.
  public init(answering respond: @escaping @Sendable (Request) -> Reply) throws {
    let (listener, port) = try boundSocket()
    guard listen(listener, 16) == 0 else { throw lastPOSIXError() }
    self.port = port
    self.listener = listener
    let log = log
    let thread = Thread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else {
          if errno == EINTR || errno == ECONNABORTED { continue }
          break
        }
        // A thread each: a client may give up a silent connection and ask on another.
        Thread {
          Self.serve(connection, log, respond)
          close(connection)
        }.start()
      }
      close(listener)
    }
    thread.start()
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// `http://127.0.0.1:PORT/`
  public var address: URL { URL(string: "http://127.0.0.1:\(port)/")! }

  /// What was asked for so far.
  public var requests: [Request] { log.requests }

  private static func serve(
    _ connection: Int32, _ log: Log, _ respond: (Request) -> Reply
  ) {
    guard let request = read(from: connection) else { return }
    log.append(request)
    let reply = respond(request)
    var head = "HTTP/1.1 \(reply.status) Test\r\nConnection: close\r\n"
    for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
    guard send(Array((head + "\r\n").utf8) + reply.body, to: connection) else { return }
    if reply.silence > 0 { Thread.sleep(forTimeInterval: reply.silence) }
    // Says that no more comes, and waits until the other side has taken what came: closing at once would
    // throw away what is still on its way.
    shutdown(connection, Int32(SHUT_WR))
    var rest = [UInt8](repeating: 0, count: 4096)
    while Foundation.read(connection, &rest, rest.count) > 0 {}
  }

  private static func read(from connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    let end = Array("\r\n\r\n".utf8)
    while bytes.count < 1 << 16, bytes.suffix(4) != end[...] {
      let count = Foundation.read(connection, &block, block.count)
      guard count > 0 else { return nil }
      bytes += block[..<count]
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ").map(String.init)
    guard words.count == 3 else { return nil }
    let headers = lines.dropFirst().compactMap { line -> (String, String)? in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { return nil }
      return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
    return Request(
      method: words[0], path: words[1], headers: Dictionary(headers) { first, _ in first })
  }

  private static func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        // A client that is gone must not end the tests with SIGPIPE.
        let step = Foundation.send(
          connection, bytes.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
        if step < 0, errno == EINTR { continue }
        guard step > 0 else { return false }
        done += step
      }
      return true
    }
  }
}

/// A port of 127.0.0.1 at which nobody answers, and that nobody else gets while the value lives.
public final class DeafPort: Sendable {
  private let descriptor: Int32
  public let address: URL

  public init() throws {
    let port: UInt16
    (descriptor, port) = try boundSocket()
    address = URL(string: "http://127.0.0.1:\(port)/")!
  }

  deinit { close(descriptor) }
}

/// A socket that has a free port of 127.0.0.1.
private func boundSocket() throws -> (descriptor: Int32, port: UInt16) {
  let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  let descriptor = socket(AF_INET, kind, 0)
  var place = sockaddr_in()
  place.sin_family = sa_family_t(AF_INET)
  place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isBound = withUnsafeMutablePointer(to: &place) { place in
    place.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
      bind(descriptor, place, length) == 0 && getsockname(descriptor, place, &length) == 0
    }
  }
  guard isBound else { throw lastPOSIXError() }
  return (descriptor, UInt16(bigEndian: place.sin_port))
}

private func lastPOSIXError() -> POSIXError {
  POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
}
