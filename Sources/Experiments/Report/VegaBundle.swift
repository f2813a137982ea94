import Foundation

/// The script that draws the charts: Vega, Vega-Lite and Vega-Embed in one file, which `scripts/bootstrap`
/// puts into `.deps/vega/vega.js`. It defines `window.vegaEmbed`.
public enum VegaBundle {
  /// Where the script lies: the file that `SPIKEGUARD_VEGA` names, else `.deps/vega/vega.js` under the
  /// current folder or one of those above the running program.
  ///
  /// - Throws: ``VegaBundleError`` with the places where it is not.
  public static func locate() throws(VegaBundleError) -> URL {
    try locate(environment: ProcessInfo.processInfo.environment, roots: DataAccess.roots)
  }

  /// The script's text, fit to stand in a page.
  ///
  /// - Throws: ``VegaBundleError``.
  public static func load() throws(VegaBundleError) -> String { try load(locate()) }

  static let variable = "SPIKEGUARD_VEGA"

  static func locate(
    environment: [String: String], roots: [URL]
  ) throws(VegaBundleError) -> URL {
    // A file that is asked for by name is not silently replaced by another.
    let places =
      if let named = environment[variable], !named.isEmpty {
        [URL(fileURLWithPath: named)]
      } else {
        roots.map { $0.appendingPathComponent(".deps/vega/vega.js") }
      }
    for place in places where isFile(place) { return place }
    throw .missing(lookedAt: places.map(\.path))
  }

  static func load(_ file: URL) throws(VegaBundleError) -> String {
    guard let data = try? Data(contentsOf: file), let script = String(data: data, encoding: .utf8)
    else { throw .unusable("\(file.path): expected a readable script in UTF-8") }
    try check(script, name: file.path)
    return script
  }

  /// What a page needs of the script; anything else would break it silently.
  static func check(_ script: String, name: String) throws(VegaBundleError) {
    guard script.contains("vegaEmbed") else {
      throw .unusable("\(name): expected a script that defines window.vegaEmbed")
    }
    for mark in ["</script", "<script", "<!--"]
    where script.range(of: mark, options: .caseInsensitive) != nil {
      throw .unusable("\(name): expected a script that can stand in a page, found “\(mark)”")
    }
  }

  private static func isFile(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }
}

/// The chart library is not there, or is something else.
public enum VegaBundleError: Error, Equatable, CustomStringConvertible {
  case missing(lookedAt: [String])
  case unusable(String)

  public var description: String {
    switch self {
    case .missing(let places):
      "the chart library vega.js was not found. Looked at:\n"
        + places.map { "  \($0)\n" }.joined()
        + "Run scripts/bootstrap (or: make setup), or name the file in \(VegaBundle.variable)."
    case .unusable(let what):
      "\(what). Run scripts/bootstrap (or: make setup) to get it anew."
    }
  }
}
