/// A file of a run that is not what a run writes.
public struct RunFileError: Error, Equatable, CustomStringConvertible {
  public let path: String
  /// From 1, in a file that is read line by line.
  public let line: Int?
  public let expected: String
  public let found: String
  public let remedy: String

  init(_ path: String, line: Int? = nil, expected: String, found: String, remedy: String) {
    self.path = path
    self.line = line
    self.expected = expected
    self.found = found
    self.remedy = remedy
  }

  public var description: String {
    "\(path)\(line.map { ":\($0)" } ?? ""): expected \(expected), found \(found); \(remedy)"
  }
}
