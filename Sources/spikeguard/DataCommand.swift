import ArgumentParser
import Datasets
import Experiments
import Foundation

/// Everything about data sets themselves.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Fetches data sets, checks them and shows what is in them.",
    subcommands: [
      DataListCommand.self, DataFetchCommand.self, DataVerifyCommand.self, DataInfoCommand.self,
      DataPreviewCommand.self,
    ])
}

struct DataListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the data sets that are known by name, and where they are."
  )

  @OptionGroup var record: RecordOptions

  struct Entry: Encodable {
    let name: String
    let title: String
    let credit: String
    let address: String
    let train: Int
    let test: Int
    let shape: String
    let classes: Int
    let downloadBytes: Int
    let folder: String?

    init(_ dataset: PublishedDataset) {
      name = dataset.name
      title = dataset.title
      credit = dataset.credit
      address = dataset.address.absoluteString
      (train, test, classes) = (dataset.trainCount, dataset.testCount, dataset.classes)
      shape = "\(dataset.shape)"
      downloadBytes = dataset.downloadByteCount
      folder = try? DataAccess.folder(of: dataset).path
    }
  }

  func run() throws {
    try OutputFile.check([("--json", record.json)])
    let entries = PublishedDataset.all.map(Entry.init)
    try record.write(entries)
    var table = TextTable(["name", "training", "test", "size", "classes", "download", "folder"])
    for entry in entries {
      table.add([
        entry.name, "\(entry.train)", "\(entry.test)", entry.shape, "\(entry.classes)",
        ProgressDisplay.megabytes(entry.downloadBytes), entry.folder ?? "–",
      ])
    }
    print(table.text)
    print("Fetch one with: spikeguard data fetch NAME")
  }
}

struct DataInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Prints what is in a data set: counts, classes, pixels.")

  @Argument(help: "Data set: \(DatasetSource.forms.joined(separator: ", ")).")
  var name: String

  @OptionGroup var record: RecordOptions

  func run() throws {
    try OutputFile.check([("--json", record.json)], inputs: [DataRecipe.file(of: name)])
    // A file of tensors is one set, whatever split is asked for.
    let isFile = DataRecipe.file(of: name) != nil
    let splits = isFile ? [ImageDataset.Split.test] : ImageDataset.Split.allCases
    var summaries: [DatasetSummary] = []
    for split in splits {
      let dataset = try DataAccess.load(name, split)
      let summary = DatasetSummary(of: dataset)
      summaries.append(summary)
      print(isFile ? "\(dataset.name): \(dataset.count) images \(dataset.shape)" : "\(dataset)")
      print("  CRC-32           \(summary.facts.crc32)")
      print("  pixel mean       \(Self.list(summary.pixelMean))")
      print("  pixel deviation  \(Self.list(summary.pixelDeviation))")
    }
    print(Self.classes(summaries))
    try record.write(summaries)
  }

  private static func list(_ values: [Double]) -> String {
    values.map { ProgressDisplay.fixed($0, 4) }.joined(separator: "  ")
  }

  private static func classes(_ summaries: [DatasetSummary]) -> String {
    var table = TextTable(["class"] + summaries.map { $0.facts.split.rawValue })
    for (index, entry) in summaries[0].classes.enumerated() {
      table.add(["\(index) \(entry.name)"] + summaries.map { "\($0.classes[index].count)" })
    }
    return table.text
  }
}

struct DataPreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Draws random samples with their class names into an SVG file.")

  @Argument(help: "Data set: \(DatasetSource.forms.joined(separator: ", ")).")
  var name: String

  @Option(help: "Part of the data set: train or test.")
  var split = ImageDataset.Split.train

  @Option(help: "How many samples.")
  var count = 50

  @Option(help: "Which samples: another seed, other ones.")
  var seed: UInt64 = 0

  @Option(help: "The SVG file.")
  var out: String

  func run() throws {
    try OutputFile.check([("--out", out)], inputs: [DataRecipe.file(of: name)])
    let dataset = try DataAccess.load(name, split)
    let preview = try DatasetPreview(of: dataset, count: count, seed: seed)
    try OutputFile.write(Data(preview.svg.utf8), to: out)
    print("\(preview.indices.count) of \(dataset.count) images in \(out)")
  }
}
