/// A checkpoint that cannot be read or written.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  case noManifest(path: String)
  case unreadableManifest(path: String, reason: String)
  /// The content is not what was written.
  case damaged(path: String, expected: String, found: String)
  /// A full disk, most often.
  case notWritten(path: String, reason: String, lastGood: String?)

  public var description: String {
    switch self {
    case .noManifest(let path):
      "\(path): expected a checkpoint with a manifest, found bare weights; "
        + "use --weights with --model, --classes and --head instead"
    case .unreadableManifest(let path, let reason):
      "\(path): the manifest cannot be read (\(reason)); it was written by another version, "
        + "or changed since: use the file's weights with --weights"
    case .damaged(let path, let expected, let found):
      "\(path): expected content with SHA-256 \(expected.prefix(16))…, found \(found.prefix(16))…; "
        + "the file was damaged or changed since it was written: use the checkpoint before it"
    case .notWritten(let path, let reason, let lastGood):
      "\(path): the checkpoint could not be written (\(reason)); "
        + (lastGood.map { "the last good one is \($0): make room and go on with --resume" }
          ?? "there is none before it: make room and start again")
    }
  }
}

extension DecodingError {
  /// One sentence for a person: which value of the JSON is wrong, and how.
  package var summary: String {
    switch self {
    case .keyNotFound(let key, let context):
      "no value for '\(Self.path(context.codingPath + [key]))'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "a value of another type for '\(Self.path(context.codingPath))'"
    case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not JSON"
    case .dataCorrupted(let context): "an unknown value for '\(Self.path(context.codingPath))'"
    @unknown default: "it is of another form"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
  }
}
