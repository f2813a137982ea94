import Foundation
import FoundationNetworking
import Torch

/// One HTTP request whose body goes to a file, from a byte on; what came stays there, whatever happens.
final class FileTransfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  /// How a request ended.
  enum Outcome: Equatable {
    /// The server sent all that it wanted to send.
    case ended
    /// It stopped before; another request may go on from there.
    case interrupted(String)
    /// The file that is there does not belong to what the server has; it must be fetched from its start.
    case notSatisfiable
    /// The server says no, for now where `mayChange`.
    case refused(String, mayChange: Bool)
    /// The bytes cannot be kept.
    case unwritable(String)
  }

  private let offset: Int
  private let byteCount: Int?
  private let path: String
  private let finished = DispatchSemaphore(value: 0)
  private let lock = NSLock()
  // Guarded by `lock`.
  private var received = 0
  private var outcome: Outcome?
  private var descriptor: Int32 = -1

  /// - Parameters:
  ///   - offset: how many bytes of the file are there already.
  ///   - byteCount: how long the whole file must be; nil where that is not known.
  init(to file: URL, from offset: Int, byteCount: Int?) {
    path = file.path
    self.offset = offset
    self.byteCount = byteCount
  }

  /// Runs to the end; `progress` is called on this thread with the file's length.
  ///
  /// - Parameter patience: seconds without a byte after which the request is given up.
  func run(_ source: URL, patience: Double, progress: (Int) -> Void) -> Outcome {
    var request = URLRequest(url: source, cachePolicy: .reloadIgnoringLocalCacheData)
    // A server that packs the answer would give other bytes than the published ones.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    request.timeoutInterval = 3600  // patience is ours
    if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }
    let configuration = URLSessionConfiguration.ephemeral
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    let task = session.dataTask(with: request)
    task.resume()

    var lastCount = -1
    var lastChange = ContinuousClock.now
    while finished.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      let count = lock.withLock { received }
      if count != lastCount {
        (lastCount, lastChange) = (count, .now)
        if count > 0 { progress(count) }
      } else if ContinuousClock.now - lastChange > .seconds(patience) {
        // The end is told in a moment; a session that does not tell it is left alone.
        guard lock.withLock({ outcome }) == nil else { break }
        end(.interrupted("nothing came for \(Int(patience.rounded(.up))) s"))
        task.cancel()
        lastChange = .now
      }
    }
    session.invalidateAndCancel()
    return lock.withLock {
      if descriptor >= 0, close(descriptor) != 0 { outcome = .unwritable(Self.reason) }
      descriptor = -1
      return outcome ?? .ended
    }
  }

  /// The first reason counts: those that follow are its consequences.
  private func end(_ reason: Outcome) { lock.withLock { outcome = outcome ?? reason } }

  private static var reason: String { String(cString: strerror(errno)) }

  // MARK: What the session tells

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    guard let answer = HTTPAnswer(response) else {
      end(.refused("no HTTP answer", mayChange: false))
      return completionHandler(.cancel)
    }
    switch answer.verdict(offset: offset, byteCount: byteCount) {
    case .end(let reason):
      end(reason)
      completionHandler(.cancel)
    case .write(let isWhole):
      let start = isWhole ? 0 : offset
      lock.withLock {
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        let isReady =
          descriptor >= 0 && ftruncate(descriptor, start) == 0
          && lseek(descriptor, start, SEEK_SET) == start
        if !isReady { outcome = .unwritable(Self.reason) }
        received = start
      }
      completionHandler(lock.withLock { outcome } == nil ? .allow : .cancel)
    }
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isWanted = lock.withLock {
      guard outcome == nil, descriptor >= 0 else { return false }
      if let byteCount, received + data.count > byteCount {
        outcome = .refused("more than \(byteCount) bytes", mayChange: false)
      } else if data.withUnsafeBytes({ $0.written(to: descriptor) }) != data.count {
        outcome = .unwritable(Self.reason)
      } else {
        received += data.count
      }
      return outcome == nil
    }
    if !isWanted { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    if let error { end(.interrupted(Self.text(of: error))) }
    finished.signal()
  }

  /// Foundation's texts for a lost connection name a code and no more.
  private static func text(of error: any Error) -> String {
    switch (error as? URLError)?.code {
    case .cannotFindHost?, .dnsLookupFailed?: "no such host, or no network"
    case .cannotConnectToHost?: "no server that answers"
    case .networkConnectionLost?: "the connection ended"
    case .timedOut?: "no answer in time"
    case .secureConnectionFailed?, .serverCertificateUntrusted?, .serverCertificateHasBadDate?,
      .serverCertificateHasUnknownRoot?:
      "a certificate that is not to be trusted"
    default: error.localizedDescription
    }
  }
}
