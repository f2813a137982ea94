import Foundation

/// Brings one published file to a place, whole and checked, in as many requests as it takes.
///
/// What has come goes to a partial file, which a later download goes on with, in this process or another. A
/// server that ignores the range, or has another file by now, costs the partial file and nothing else.
struct FileDownload {
  let source: URL
  let file: PublishedDataset.File
  /// Where the bytes gather.
  let partial: URL
  var settings = FetchSettings()

  /// Returns when ``partial`` is the published file.
  ///
  /// - Parameter progress: the bytes that are there.
  /// - Throws: the partial file stays when it may be of use.
  func run(progress: (Int) -> Void) throws(DatasetError) {
    let isResumed = heldByteCount > 0
    try bring(progress)
    guard let damage = try damage() else { return }
    try remove()
    // The part that was there may have been of another version.
    guard isResumed else { throw damage }
    try bring(progress)
    if let damage = try self.damage() {
      try remove()
      throw damage
    }
  }

  /// Requests until all bytes are there, or ``FetchSettings/attempts`` of them in a row brought none.
  private func bring(_ progress: (Int) -> Void) throws(DatasetError) {
    var fruitless = 0
    while true {
      if let byteCount = file.byteCount, heldByteCount > byteCount { try remove() }
      let held = heldByteCount
      if let byteCount = file.byteCount, held == byteCount { return }
      let transfer = FileTransfer(to: partial, from: held, byteCount: file.byteCount)
      let outcome = transfer.run(source, patience: settings.patience, progress: progress)
      let obstacle: String
      switch outcome {
      case .ended:
        guard let byteCount = file.byteCount, heldByteCount < byteCount else { return }
        obstacle = "an end after \(heldByteCount) bytes"
      case .interrupted(let reason): obstacle = reason + after(heldByteCount)
      case .notSatisfiable:
        try remove()
        obstacle = "a file of another length"
      case .refused(let reason, mayChange: true): obstacle = reason
      case .refused(let reason, mayChange: false): throw failure(found: reason)
      case .unwritable(let reason):
        throw DatasetError(
          .unreadable, partial.path, expected: "a file that can be written", found: reason,
          remedy: "Check the folder's permissions and the space left, then fetch again")
      }
      fruitless = heldByteCount > held ? 0 : fruitless + 1
      guard fruitless < settings.attempts else { throw failure(found: obstacle) }
      Thread.sleep(forTimeInterval: settings.pause * Double(max(1, fruitless)))
    }
  }

  private func after(_ count: Int) -> String { count > 0 ? " after \(count) bytes" : "" }

  private func failure(found: String) -> DatasetError {
    DatasetError(
      .network, source.absoluteString,
      expected: file.byteCount.map { "a file of \($0) bytes" } ?? "a file", found: found,
      remedy: "Check the address and the network, then fetch again"
        + (heldByteCount > 0 ? ": it goes on from byte \(heldByteCount)" : "")
        + ", or name a mirror with --from")
  }

  /// What is wrong with the bytes that came.
  private func damage() throws(DatasetError) -> DatasetError? {
    guard let known = file.digests.first else { return nil }
    let found = try Digest.of(contentsOf: partial, [known.algorithm])[0]
    guard found != known else { return nil }
    return DatasetError(
      .corrupt, source.absoluteString, expected: known.description, found: found.hexadecimal,
      remedy: "Fetch it again; if that does not help, the server has another file: name a mirror "
        + "with --from")
  }

  private var heldByteCount: Int {
    var status = stat()
    return stat(partial.path, &status) == 0 ? Int(status.st_size) : 0
  }

  private func remove() throws(DatasetError) {
    guard unlink(partial.path) == 0 || errno == ENOENT else {
      throw DatasetError(
        .unreadable, partial.path, expected: "a file that can be removed",
        found: String(cString: strerror(errno)), remedy: "Remove it by hand")
    }
  }
}

/// How patiently a server is asked.
public struct FetchSettings: Sendable {
  /// Requests in a row that bring no byte before it is given up.
  public var attempts = 4
  /// Seconds before the next request, more after each that brought nothing.
  public var pause = 1.0
  /// Seconds without a byte after which a request is given up.
  public var patience = 60.0

  public init() {}
}
