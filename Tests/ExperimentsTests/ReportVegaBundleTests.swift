import Foundation
import TestSupport
import Testing

@testable import Experiments

@Suite struct ReportVegaBundleTests {
  @Test func theNearestFolderWins() throws {
    try withTemporaryDirectory { folder in
      let roots = ["a", "b", "c"].map { URL(fileURLWithPath: folder + "/" + $0) }
      for root in roots.dropFirst() { try install("window.vegaEmbed = 1", under: root) }
      let found = try VegaBundle.locate(environment: [:], roots: roots)
      #expect(found.path == folder + "/b/.deps/vega/vega.js")
      #expect(try VegaBundle.load(found) == "window.vegaEmbed = 1")
    }
  }

  /// A file that was asked for and is not there must not become another one.
  @Test func theVariableGoesBeforeAllFolders() throws {
    try withTemporaryDirectory { folder in
      let root = URL(fileURLWithPath: folder)
      try install("window.vegaEmbed = 1", under: root)
      try Data().write(to: URL(fileURLWithPath: folder + "/mine.js"))
      func locate(_ path: String) throws -> URL {
        try VegaBundle.locate(environment: ["SPIKEGUARD_VEGA": path], roots: [root])
      }
      #expect(try locate(folder + "/mine.js").path == folder + "/mine.js")
      #expect(try locate("").path.hasSuffix(".deps/vega/vega.js"))
      #expect(throws: VegaBundleError.missing(lookedAt: [folder + "/no.js"])) {
        try locate(folder + "/no.js")
      }
      #expect(throws: VegaBundleError.missing(lookedAt: [folder])) { try locate(folder) }
    }
  }

  @Test func whatIsMissingSaysWhereAndWhatToDo() {
    let roots = ["/nowhere/one", "/nowhere/two"].map { URL(fileURLWithPath: $0) }
    #expect {
      try VegaBundle.locate(environment: [:], roots: roots)
    } throws: {
      "\($0)" == """
        the chart library vega.js was not found. Looked at:
          /nowhere/one/.deps/vega/vega.js
          /nowhere/two/.deps/vega/vega.js
        Run scripts/bootstrap (or: make setup), or name the file in SPIKEGUARD_VEGA.
        """
    }
  }

  static let unusable: [([UInt8], String)] = [
    (Array("<html>".utf8), "expected a script that defines window.vegaEmbed"),
    (
      Array("vegaEmbed </Script>".utf8),
      "expected a script that can stand in a page, found “</script”"
    ),
    ([0xFF, 0xFE, 0x00], "expected a readable script in UTF-8"),
  ]

  @Test(arguments: unusable)
  func otherFilesAreRefused(bytes: [UInt8], message: String) throws {
    try withTemporaryDirectory { folder in
      let file = URL(fileURLWithPath: folder + "/vega.js")
      try Data(bytes).write(to: file)
      #expect {
        try VegaBundle.load(file)
      } throws: {
        "\($0)"
          == "\(file.path): \(message). Run scripts/bootstrap (or: make setup) to get it anew."
      }
    }
  }

  private func install(_ script: String, under root: URL) throws {
    let folder = root.appendingPathComponent(".deps/vega")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(script.utf8).write(to: folder.appendingPathComponent("vega.js"))
  }
}
