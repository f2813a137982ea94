import Yams

/// One YAML document without anchors and aliases.
///
/// An alias stands for a copy of what its anchor named: nine lines of nine aliases each are 9⁹ values, and a
/// mapping hashes its keys to their last value. Settings are flat and need neither.
enum YAMLDocument {
  /// - Returns: the root; nil of an empty text.
  /// - Throws: ``UsageError`` when it is no YAML, or has an anchor or alias.
  static func compose(_ text: String, named name: String) throws(UsageError) -> Node? {
    // Where aliases are plain text, nothing is copied, and the parser itself tells an anchor from an
    // ampersand in a quoted text, a path or a comment. Up to the first anchor an alias has nothing to
    // stand for, so both texts have their first anchor at the same place.
    let harmless = text.utf8.map { $0 == UInt8(ascii: "*") ? UInt8(ascii: "x") : $0 }
    try parse(String(decoding: harmless, as: UTF8.self), named: name) { root throws(UsageError) in
      guard let place = root.flatMap(firstAnchor) else { return }
      throw UsageError(
        "\(name):\(place.line): expected plain values, found the anchor '&\(place.anchor)'; write "
          + "each value out: settings have no anchors and aliases")
    }
    var result: Node?
    try parse(text, named: name) { root in result = root }
    return result
  }

  /// - Parameter body: nodes know their anchors only as long as it runs.
  private static func parse(
    _ text: String, named name: String, _ body: (Node?) throws(UsageError) -> Void
  ) throws(UsageError) {
    let parser: Parser
    let root: Node?
    do {
      parser = try Parser(yaml: text, encoding: .utf8)
      root = try parser.singleRoot()
    } catch {
      // The other lines quote the text.
      let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? "\(error)"
      throw UsageError("\(name): expected YAML, found a mistake: \(reason)")
    }
    // Nodes hold their anchors weakly, the parser strongly.
    defer { withExtendedLifetime(parser) {} }
    try body(root)
  }

  private static func firstAnchor(_ node: Node) -> (line: Int, anchor: String)? {
    if let anchor = node.anchor { return (node.mark?.line ?? 1, anchor.rawValue) }
    switch node {
    case .scalar, .alias: return nil
    case .sequence(let items): return items.lazy.compactMap(firstAnchor).first
    case .mapping(let pairs):
      return pairs.lazy.compactMap { firstAnchor($0.key) ?? firstAnchor($0.value) }.first
    }
  }
}
