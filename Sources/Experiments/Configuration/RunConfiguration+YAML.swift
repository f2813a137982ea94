import Datasets
import Foundation
import Yams

extension RunConfiguration {
  /// Reads a YAML file: a mapping of setting to value, on top of the defaults.
  ///
  /// - Throws: ``UsageError`` that names file, line and setting.
  public init(contentsOf path: String) throws(UsageError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw UsageError("\(path): expected a YAML file, found none; check the path")
    }
    guard data.count <= Self.longestFile else {
      throw UsageError(
        "\(path): expected at most \(Self.longestFile) bytes, found \(data.count); this is no "
          + "configuration")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw UsageError("\(path): expected text in UTF-8, found other bytes; save it as UTF-8")
    }
    try self.init(yaml: text, named: path)
  }

  /// Far beyond any configuration; it bounds what nested keys, hashed level by level, can cost.
  private static let longestFile = 1 << 16

  /// - Parameter name: what errors call the text.
  public init(yaml text: String, named name: String = "configuration") throws(UsageError) {
    self.init()
    let node = try YAMLDocument.compose(text, named: name)
    // An empty file, or one of comments only, says nothing.
    guard let node, node != Node("", .implicit) else { return }
    guard case .mapping(let mapping) = node else {
      throw UsageError(
        "\(name): expected lines of `setting: value`, found another form of YAML; --print-config "
          + "prints an example")
    }
    // A bundle comes before what changes a part of it, wherever it stands.
    let isBundle = { (key: Node) in key.string == Setting.trainingProtocol.key }
    for (key, value) in mapping.filter({ isBundle($0.key) }) + mapping.filter({ !isBundle($0.key) })
    {
      let line = (key.mark ?? value.mark).map { ":\($0.line)" } ?? ""
      guard case .scalar(let keyText) = key else {
        throw UsageError("\(name)\(line): expected the name of a setting, found a list or mapping")
      }
      let place = "\(name)\(line): \(keyText.string)"
      try set(keyText.string, to: Self.scalar(value, at: place), at: place)
    }
  }

  /// A value as text; a list of numbers becomes what a flag would take.
  private static func scalar(_ node: Node, at place: String) throws(UsageError) -> String {
    switch node {
    case .scalar(let scalar): return scalar.string
    case .sequence(let items):
      var parts: [String] = []
      for item in items {
        guard case .scalar(let scalar) = item else {
          throw UsageError("\(place): expected plain values, found a list of lists")
        }
        parts.append(scalar.string)
      }
      return parts.joined(separator: ",")
    case .mapping, .alias:
      throw UsageError(
        "\(place): expected one value, found a mapping; settings are not nested: "
          + "--print-config prints an example")
    }
  }

  /// The complete configuration; read back, it is the same.
  public var yaml: String {
    Self.sections.map { section in
      "# \(section.title)\n"
        + section.settings.map { "\($0.key): \(Self.quoted($0.text(self)))\n" }.joined()
    }.joined(separator: "\n")
  }

  /// Plain where every reader takes it for what it is.
  private static func quoted(_ text: String) -> String {
    let plain = text.wholeMatch(of: /[A-Za-z0-9_.][A-Za-z0-9_.\/+\-]*/) != nil
    return plain ? text : "'" + text.replacing("'", with: "''") + "'"
  }
}
