import Foundation

/// The folders in which known data sets lie, each in one of its own name.
enum DatasetPlaces {
  /// Where a data set is looked for, in this order: `$SPIKEGUARD_DATA/NAME`, `.deps/data/NAME` under each
  /// root, the user's cache, `/usr/share/datasets/NAME` (where Debian's packages put them).
  static func toSearch(
    _ name: String, roots: [URL]?, environment: [String: String]
  ) -> [URL] {
    let named = environment["SPIKEGUARD_DATA"].map { [URL(fileURLWithPath: $0)] } ?? []
    let local = (roots ?? [currentFolder]).map { $0.appendingPathComponent(".deps/data") }
    let parents = named + local + cache(environment) + [URL(fileURLWithPath: "/usr/share/datasets")]
    return parents.map { $0.appendingPathComponent(name) }
  }

  /// Where a data set is put that is fetched: the first of the places to search that is the user's own:
  /// `$SPIKEGUARD_DATA/NAME`, `.deps/data/NAME` where there is a `.deps`, the user's cache.
  static func toKeep(
    _ name: String, in folder: URL = currentFolder, environment: [String: String]
  ) -> URL? {
    if let named = environment["SPIKEGUARD_DATA"] {
      return URL(fileURLWithPath: named).appendingPathComponent(name)
    }
    let local = folder.appendingPathComponent(".deps")
    if FileManager.default.fileExists(atPath: local.path) {
      return local.appendingPathComponent("data").appendingPathComponent(name)
    }
    return cache(environment).first?.appendingPathComponent(name)
  }

  private static var currentFolder: URL {
    URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
  }

  /// `$XDG_CACHE_HOME/spikeguard/data`, or below `~/.cache`. Nowhere for a user without a home.
  private static func cache(_ environment: [String: String]) -> [URL] {
    let home = environment["HOME"].map { URL(fileURLWithPath: $0).appendingPathComponent(".cache") }
    let named = environment["XDG_CACHE_HOME"].flatMap {
      $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil  // others are to be ignored, says XDG
    }
    return [named ?? home].compactMap { $0?.appendingPathComponent("spikeguard/data") }
  }
}
