/// Why a safetensors file could not be read or written, and what to do about it.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible {
  public let path: String
  /// What is wrong: the file, its header, or one tensor (`tensor 'conv1.weight'`).
  public let subject: String
  public let expected: String
  public let found: String
  public let remedy: String

  public var description: String {
    "\(path): \(subject): expected \(expected), found \(found); \(remedy)"
  }

  static let writeAgain =
    "write the file again with Safetensors.write or Python's safetensors.save_file"
}
