/// An event file that cannot be made, written or continued.
public struct EventFileError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let expected: String
  public let found: String
  public let remedy: String

  public var description: String { "\(path): expected \(expected), found \(found); \(remedy)" }
}
