import Foundation

/// Keeps a second process from working in the same folder. The system lets go of it when the process ends,
/// however it ends.
public final class RunLock: Sendable {
  private let descriptor: Int32

  /// - Throws: ``UsageError`` when another process holds it.
  public convenience init(_ folder: RunFolder) throws {
    try self.init(
      folder.output, expected: "a folder that nobody trains in, found another run at work there")
  }

  /// - Throws: ``UsageError`` when another process holds it.
  convenience init(_ folder: EvaluationFolder) throws {
    try self.init(
      folder.output,
      expected: "a folder that nobody evaluates in, found another evaluation at work there")
  }

  private init(_ folder: OutputFolder, expected: String) throws {
    let path = folder.file(".lock")
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw OutputError(
        path: path, expected: "to write the file", found: String(cString: strerror(errno)),
        remedy: "check the folder's permissions and the space left")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw UsageError(
        "\(folder.path): expected \(expected); wait for it, or name another --out")
    }
  }

  /// Whether a process is at work in the folder.
  public static func isHeld(_ folder: RunFolder) -> Bool {
    let descriptor = open(folder.output.file(".lock"), O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0
  }

  // Runs after a failed initialisation, too.
  deinit { if descriptor >= 0 { close(descriptor) } }
}
