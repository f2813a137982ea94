import Foundation

/// An executable of this package, as it was built beside the tests.
public struct BuiltProduct: Sendable {
  public let path: String

  /// What a finished process left.
  public struct Outcome: Sendable, Equatable {
    /// The exit code, or the negative signal number that ended it.
    public let exitCode: Int
    public let standardOutput: String
    public let standardError: String

    public init(exitCode: Int, standardOutput: String, standardError: String) {
      self.exitCode = exitCode
      self.standardOutput = standardOutput
      self.standardError = standardError
    }
  }

  /// - Throws: ``Missing`` when no such executable stands beside the tests.
  public init(_ name: String) throws {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    path = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(name).path
    guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(path: path) }
  }

  /// An executable elsewhere.
  public init(path: String) { self.path = path }

  /// A signal that is sent as soon as something has happened.
  public struct Interruption {
    let signal: Int32
    let condition: (_ standardError: String) -> Bool

    public init(_ signal: Int32, once condition: @escaping () -> Bool) {
      self.signal = signal
      self.condition = { _ in condition() }
    }
    /// When the process has written this to standard error.
    public init(_ signal: Int32, onceSaid text: String) {
      self.signal = signal
      condition = { $0.contains(text) }
    }
  }

  /// Runs it to its end, with an empty standard input.
  ///
  /// - Parameters:
  ///   - environment: added to this process's own.
  ///   - interruption: sent once, if its time comes.
  ///   - seconds: it is killed when it takes longer.
  public func run(
    _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:],
    interruption: Interruption? = nil, seconds: Double = 120
  ) throws -> Outcome {
    // Output goes to files: a pipe would fill up and stop the process while nobody reads it.
    try withTemporaryDirectory { scratch in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = arguments
      if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try emptyFile(scratch + "/out")
      process.standardError = try emptyFile(scratch + "/err")
      try withoutBlockedSignals { try process.run() }
      let deadline = Date() + seconds
      var interruption = interruption
      while process.isRunning, Date() < deadline {
        if let due = interruption,
          due.condition((try? String(contentsOfFile: scratch + "/err", encoding: .utf8)) ?? "")
        {
          kill(process.processIdentifier, due.signal)
          interruption = nil
        }
        Thread.sleep(forTimeInterval: 0.002)
      }
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      let status = Int(process.terminationStatus)
      return Outcome(
        exitCode: process.terminationReason == .exit ? status : -status,
        standardOutput: try String(contentsOfFile: scratch + "/out", encoding: .utf8),
        standardError: try String(contentsOfFile: scratch + "/err", encoding: .utf8))
    }
  }

  /// The executable was not built.
  public struct Missing: Error, CustomStringConvertible {
    public let path: String
    public var description: String { "\(path) is not there: build it first (swift build)" }
  }
}

/// Calls `body` with no signal blocked on this thread: a process inherits the mask of the thread that starts it, and
/// Dispatch blocks nearly all on its own.
private func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
  var none = sigset_t()
  var before = sigset_t()
  sigemptyset(&none)
  pthread_sigmask(SIG_SETMASK, &none, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  try body()
}

private func emptyFile(_ path: String) throws -> FileHandle {
  try Data().write(to: URL(fileURLWithPath: path))
  return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
}
