internal import CTorch

/// A call of the engine that failed: which operation, on what, and the engine's own message.
///
/// Operators called through ``Operator`` throw it. The tensor arithmetic built on them treats it as a
/// programmer error and traps with the same text.
public struct TorchError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Int32, Sendable {
    case general = 1
    case index, notImplemented, outOfMemory
  }

  public let kind: Kind
  /// The operation, as `aten::mm`.
  public let operation: String
  /// Shapes and types of the tensors passed, as `[2, 3] Float, [4, 5] Float`; empty when there were none.
  public let arguments: String
  public let message: String

  public var description: String {
    arguments.isEmpty ? "\(operation): \(message)" : "\(operation)(\(arguments)): \(message)"
  }

  init(_ error: CTError, in operation: String) {
    kind = Kind(rawValue: error.kind.rawValue) ?? .general
    self.operation = operation
    message = error.message.map { String(cString: $0) } ?? "unknown error"
    arguments = error.arguments.map { String(cString: $0) } ?? ""
    ct_free(error.message)
    ct_free(error.arguments)
  }
}

/// Runs an engine call that only a programmer's error can fail, and traps with its text if it does.
func must<Result>(_ body: () throws(TorchError) -> Result) -> Result {
  do { return try body() } catch { error.trap() }
}

extension TorchError {
  /// Whether the engine asked the system, or a device, for memory that it did not get.
  public var isOutOfMemory: Bool {
    kind == .outOfMemory || message.contains("can't allocate memory")
  }

  /// Ends the program where an operation that cannot fail has failed: a programmer's error, with a trap, or a
  /// machine without memory, which ``Engine/onOutOfMemory`` may report first.
  public func trap() -> Never {
    if isOutOfMemory { Engine.onOutOfMemory?(self) }
    fatalError(description)
  }
}
