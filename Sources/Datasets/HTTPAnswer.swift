import Foundation
import FoundationNetworking

/// What a server answered to a request for the rest of a file.
struct HTTPAnswer {
  let status: Int
  /// Of this answer's body; nil where the server does not say.
  let bodyByteCount: Int?
  /// `Content-Range`: where the body begins in the file, and how long the file is.
  let range: (start: Int, total: Int?)?

  /// What to do with the body.
  enum Verdict: Equatable {
    /// Keep it: as the whole file, or after what is there.
    case write(isWhole: Bool)
    /// Leave it, with this end.
    case end(FileTransfer.Outcome)
  }

  init(status: Int, bodyByteCount: Int?, contentRange: String?) {
    self.status = status
    self.bodyByteCount = bodyByteCount
    let match = contentRange?.firstMatch(of: /^bytes (\d+)-\d+\/(\d+|\*)$/)
    range = match.flatMap { match in Int(match.1).map { ($0, Int(match.2)) } }
  }

  init?(_ response: URLResponse) {
    guard let http = response as? HTTPURLResponse else { return nil }
    let length = http.value(forHTTPHeaderField: "Content-Length").flatMap { Int($0) }
    self.init(
      status: http.statusCode, bodyByteCount: length,
      contentRange: http.value(forHTTPHeaderField: "Content-Range"))
  }

  /// - Parameters:
  ///   - offset: the first byte that was asked for.
  ///   - byteCount: how long the whole file must be; nil where that is not known.
  func verdict(offset: Int, byteCount: Int?) -> Verdict {
    switch status {
    case 200: return whole(byteCount)
    case 206: return rest(offset, byteCount)
    case 416 where offset > 0: return .end(.notSatisfiable)
    case 408, 429, 500...599: return .end(.refused(statusText, mayChange: true))
    default: return .end(.refused(statusText, mayChange: false))
    }
  }

  /// The server ignored the range, or was asked for everything.
  private func whole(_ byteCount: Int?) -> Verdict {
    if let byteCount, let bodyByteCount, bodyByteCount != byteCount {
      return .end(.refused("a file of \(bodyByteCount) bytes", mayChange: false))
    }
    return .write(isWhole: true)
  }

  private func rest(_ offset: Int, _ byteCount: Int?) -> Verdict {
    guard let range, range.start == offset else {
      return .end(.refused("another part of the file than bytes \(offset)-", mayChange: false))
    }
    if let byteCount, let total = range.total, total != byteCount {
      return .end(.notSatisfiable)  // the file has changed: what is there is of another one
    }
    return .write(isWhole: false)
  }

  private var statusText: String {
    let name = HTTPURLResponse.localizedString(forStatusCode: status)
    return "HTTP status \(status) (\(name))"
  }
}
