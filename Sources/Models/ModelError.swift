/// A network that cannot be built.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case value(_ name: String, found: String, expected: String)
  /// - Parameter remedy: what to do beside padding the images.
  case imageTooSmall(model: String, halvings: Int, found: Int, remedy: String?)

  public var description: String {
    switch self {
    case .value(let name, let found, let expected): "\(name): expected \(expected), found \(found)"
    case .imageTooSmall(let model, let halvings, let found, let remedy):
      "\(model) halves the image \(halvings) times and needs at least \(1 << halvings) × "
        + "\(1 << halvings) pixels, found \(found) × \(found); "
        + (remedy.map { $0 + ", or " } ?? "") + "pad the images"
    }
  }
}
