import ArgumentParser
import Datasets
import Experiments
import Foundation

struct DataFetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Downloads a data set from its official address, checks it and puts it in place.",
    discussion: """
      Goes on where an interrupted download stopped. A file takes its place only when its digest is right; \
      files that are there and intact are left alone.
      """)

  @Argument(help: "Data set: \(PublishedDataset.all.map(\.name).joined(separator: ", ")).")
  var name: String

  @Option(
    help: ArgumentHelp(
      "The data set's folder. (default: where it is looked for)",
      discussion: "That is $SPIKEGUARD_DATA/NAME, .deps/data/NAME where .deps exists, or "
        + "~/.cache/spikeguard/data/NAME."))
  var to: String?

  @Option(help: "Address of a folder with the same files. (default: the official one)")
  var from: String?

  func run() throws {
    let dataset = try PublishedDataset.named(name)
    let folder = try to.map { DataOptions.url($0) } ?? dataset.folderToKeep()
    var address: URL?
    if let from {
      guard let url = URL(string: from) else {
        throw UsageError("--from: expected an address as https://host/folder, found '\(from)'")
      }
      address = url
    }
    let display = FetchDisplay()
    try DatasetFetch(dataset, to: folder, from: address).run(display.show)
    print("\(dataset.name) is in \(folder.path)")
  }
}

/// Shows a fetch file by file.
private final class FetchDisplay {
  private let display = ProgressDisplay()
  /// What was there of the file when its download began; nil before the first byte.
  private var start: Int?

  func show(_ event: DatasetFetch.Event) {
    switch event {
    case .downloading(let file, 0, _):
      display.begin("Downloading \(file)")
      start = nil
    case .downloading(_, let done, let total):
      if start == nil { start = done }
      display.show(bytes: done, of: total, from: start!)
    case .unpacking(let file):
      display.finish("checked")
      display.begin("Unpacking \(file)")
    case .installed(let file): display.finish("\(file) is in place")
    case .kept(let file):
      display.begin("Checking \(file)")
      display.finish("is there")
    }
  }
}

struct DataVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares the files of a data set with the published digests, and reads them all.",
    discussion: "Ends with exit code 1 when a file is damaged or missing.")

  @Argument(
    help: "Data set, with :FOLDER or without: \(DatasetSource.names.joined(separator: ", ")).")
  var name: String

  @OptionGroup var record: RecordOptions

  struct Record: Encodable {
    let name: String
    let folder: String
    let isGood: Bool
    let files: [File]

    struct File: Encodable {
      let name: String
      let isGood: Bool
      let detail: String
    }
  }

  func run() throws {
    try OutputFile.check([("--json", record.json)])
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    let dataset = try PublishedDataset.named(parts.first ?? "")
    let folder =
      try parts.count == 2 ? DataOptions.url(parts[1]) : DataAccess.folder(of: dataset)
    let files = try dataset.check(in: folder).map { file, state in
      Record.File(name: file.name, isGood: state.isGood, detail: state.text)
    }
    var isGood = files.allSatisfy(\.isGood)
    print(folder.path)
    for file in files { print("  \(file.isGood ? "✓" : "✗") \(file.name): \(file.detail)") }
    if isGood {
      do {
        try dataset.checkStructure(in: folder)
        print("  ✓ all \(dataset.trainCount) + \(dataset.testCount) images can be read")
      } catch {
        isGood = false
        print("  ✗ \(error)")
      }
    } else {
      print("      → spikeguard data fetch \(dataset.name) --to \(folder.path)")
    }
    try record.write(
      Record(name: dataset.name, folder: folder.path, isGood: isGood, files: files))
    if !isGood { throw ExitCode(1) }
  }
}

extension PublishedDataset.FileState {
  fileprivate var text: String {
    switch self {
    case .intact(let proof): "intact (\(proof))"
    case .unproven: "there; no digest of it is known"
    case .damaged(let expected, let found): "expected \(expected), found \(found)"
    case .missing: "not there"
    }
  }
}

extension DataOptions {
  /// A path as a shell would read it, also behind a colon.
  static func url(_ path: String) -> URL {
    URL(fileURLWithPath: NSString(string: path).expandingTildeInPath)
  }
}
