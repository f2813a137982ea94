/// A data set that could not be found, read or accepted: where, what was expected, what was there, what to do.
///
/// Loading a data set either gives all of it, checked, or throws this. Nothing is repaired or skipped.
public struct DatasetError: Error, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// No such file, folder or data set.
    case missing
    /// It is there, but cannot be opened or read.
    case unreadable
    /// It is not of the format that it should be.
    case format
    /// It ends too early.
    case truncated
    /// It goes on after its end, or claims a size beyond every limit.
    case oversized
    /// Its checksum or compressed data are wrong.
    case corrupt
    /// Its parts do not fit each other.
    case shape
    /// A pixel or a label is outside its range.
    case range
    /// A server cannot be reached, or does not give what it should.
    case network
  }

  public let kind: Kind
  /// The file, or the name that was asked for.
  public let path: String
  public let expected: String
  public let found: String
  /// A sentence that starts with a verb.
  public let remedy: String

  public init(_ kind: Kind, _ path: String, expected: String, found: String, remedy: String) {
    self.kind = kind
    self.path = path
    self.expected = expected
    self.found = found
    self.remedy = remedy
  }

  public var description: String { "\(path): expected \(expected), found \(found). \(remedy)." }
}
