import Foundation

/// Every option of every network, under the names that `results.json` has them by.
///
/// The rows are read off the encoded recipes, so an option that is added to one cannot be forgotten here.
struct SettingsTable {
  let networks: [NetworkResults]

  func html() throws -> HTML {
    let columns = try networks.map { network in
      try Self.flat(network.manifest.network, under: "network")
        .merging(Self.flat(network.manifest.training, under: "training")) { $1 }
    }
    let names = Set(columns.flatMap(\.keys)).sorted()
    let rows = names.map { name in (name, columns.map { $0[name] ?? "none" }) }
    let differing = rows.filter { Set($0.1).count > 1 }
    let shared = rows.filter { Set($0.1).count <= 1 }
    return """
      <div class="wide" role="region" aria-label="Settings" tabindex="0">
      <table class="settings">
      <caption>All options, those that differ first.</caption>
      <thead><tr><th scope="col">Option</th>\(networks.enumerated().map(ResultsTable.heading))</tr>\
      </thead>
      <tbody>
      \(differing.map { Self.row($0, $1.map { "<td><mark>\($0)</mark></td>" }) })
      \(shared.map { Self.row($0, [Self.shared($1)]) })
      </tbody>
      </table>
      </div>
      """
  }

  private static func row(_ name: String, _ cells: [HTML]) -> HTML {
    // A narrow page may break the line after a dot.
    let parts = name.split(separator: ".").map { "\(String($0))" as HTML }
    let path = HTML(trusted: parts.map(\.text).joined(separator: ".<wbr>"))
    return "<tr><th scope=\"row\"><code>\(path)</code></th>\(cells)</tr>"
  }

  /// One cell where all networks have the same value.
  private static func shared(_ values: [String]) -> HTML {
    "<td colspan=\"\(values.count)\">\(values[0])</td>"
  }

  /// `["training.seed": "0", …]`: the leaves of an encoded value by their paths.
  private static func flat(_ value: some Encodable, under path: String) throws -> [String: String] {
    let root = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(value))
    return Dictionary(uniqueKeysWithValues: root.leaves(under: path))
  }

  /// Decoded JSON with its leaves as text; whole numbers stay exact up to 64 bits.
  private enum Node: Decodable {
    case leaf(String)
    case list([Node])
    case members([String: Node])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let members = try? container.decode([String: Node].self) {
        self = .members(members)
      } else if let items = try? container.decode([Node].self) {
        self = .list(items)
      } else if let flag = try? container.decode(Bool.self) {
        self = .leaf(flag ? "yes" : "no")
      } else if let whole = try? container.decode(UInt64.self) {
        self = .leaf(String(whole))
      } else if let number = try? container.decode(Double.self) {
        self = .leaf(NumberText.shortest(number))
      } else {
        self = .leaf(container.decodeNil() ? "none" : try container.decode(String.self))
      }
    }

    func leaves(under path: String) -> [(String, String)] {
      switch self {
      case .leaf(let text): [(path, text)]
      case .list(let items):
        [(path, items.flatMap { $0.leaves(under: "") }.map(\.1).joined(separator: ", "))]
      case .members(let members): members.flatMap { $1.leaves(under: "\(path).\($0)") }
      }
    }
  }
}
