import Foundation
import Testing

@testable import Datasets

@Suite struct DatasetPlacesTests {
  let folder = Folder()

  /// What is fetched must be found: the place to keep is one of those to search, before the system's.
  @Test func `data are kept where they are searched`() throws {
    let environments: [[String: String]] = [
      ["SPIKEGUARD_DATA": "/data", "HOME": "/home/a"], ["HOME": "/home/a"],
      ["HOME": "/home/a", "XDG_CACHE_HOME": "/cache"],
      ["HOME": "/home/a", "XDG_CACHE_HOME": "relative"],
    ]
    let expected = [
      "/data/x", "/home/a/.cache/spikeguard/data/x", "/cache/spikeguard/data/x",
      "/home/a/.cache/spikeguard/data/x",
    ]
    for (environment, expected) in zip(environments, expected) {
      let kept = try #require(DatasetPlaces.toKeep("x", in: folder.url, environment: environment))
      #expect(kept.path == expected)
      let places = DatasetPlaces.toSearch("x", roots: [folder.url], environment: environment)
      #expect(places.contains { $0.path == kept.path })
      #expect(places.last?.path == "/usr/share/datasets/x")
    }
  }

  @Test func `a checkout keeps its data in its own folder`() throws {
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent(".deps"), withIntermediateDirectories: true)
    let kept = DatasetPlaces.toKeep("x", in: folder.url, environment: ["HOME": "/home/a"])
    #expect(kept?.path == folder.url.path + "/.deps/data/x")
    let places = DatasetPlaces.toSearch("x", roots: [folder.url], environment: [:])
    #expect(places.first?.path == kept?.path)
  }

  @Test func `a user without a home must name a folder`() {
    #expect(
      errorText {
        _ = try PublishedDataset.cifar10.folderToKeep(currentFolder: folder.url, environment: [:])
      } == "cifar10: expected a folder to keep data in, found no HOME in the environment. "
        + "Name a folder with --to.")
  }
}
