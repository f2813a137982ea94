import Foundation
import Training

extension Quickstart {
  /// What can be refused before anything is read.
  func checkCounts() throws {
    for (option, count) in [("--attacked", attackedImages), ("--swept", sweptImages)]
    where count < 1 {
      throw UsageError("\(option): expected at least 1 image, found \(count)")
    }
  }

  /// A quickstart may replace an earlier one's files, and nothing else's.
  func checkFolder() throws {
    let folder = try OutputFolder(folder)
    let strangers = [
      "plain.safetensors", "dsd.safetensors", "results.json",
    ].filter { !isFromQuickstart(folder.file($0)) }
    try folder.refuseExisting(strangers, remedy: "name another --out")
  }

  private func isFromQuickstart(_ path: String) -> Bool {
    guard path.hasSuffix(".json") else {
      return (try? Checkpoint<RunManifest>(contentsOf: path)) != nil
    }
    let content = FileManager.default.contents(atPath: path) ?? Data()
    let json = try? JSONSerialization.jsonObject(with: content) as? [String: Any]
    return json?["networks"] != nil
  }
}
