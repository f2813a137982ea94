/// A file that is no checkpoint of Spikeguard's.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  case noManifest(path: String)
  case unreadableManifest(path: String, reason: String)

  public var description: String {
    switch self {
    case .noManifest(let path):
      "\(path): expected a checkpoint with a manifest, found bare weights; "
        + "use --weights with --model, --classes and --head instead"
    case .unreadableManifest(let path, let reason):
      "\(path): the manifest cannot be read (\(reason)); it was written by another version, "
        + "or changed since: use the file's weights with --weights"
    }
  }
}

extension DecodingError {
  /// One sentence for a person: which value of the JSON is wrong, and how.
  var summary: String {
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
