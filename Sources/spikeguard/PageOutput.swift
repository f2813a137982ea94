import Experiments
import Foundation

/// The folder in which a command leaves its page and its record.
struct PageOutput {
  private let path: String
  private let vegaBundle: String

  /// Looks for the chart library, so that its absence is known before the work. Nothing is made yet.
  ///
  /// - Parameter path: what `--out` says; nil makes nil.
  init?(_ path: String?) throws(VegaBundleError) {
    guard let path else { return nil }
    self.path = path
    vegaBundle = try VegaBundle.load()
  }

  /// Makes the folder where it is missing, before the work.
  func makeFolder() throws(OutputError) { _ = try OutputFolder(path) }

  /// Writes `NAME.html` and `NAME.json`; earlier ones are replaced.
  func write(_ record: some PagedRecord) throws {
    let name = type(of: record).fileName
    let folder = try OutputFolder(path)
    try OutputFile.write(
      Data(record.html(vegaBundle: vegaBundle).utf8), to: folder.file(name + ".html"))
    try OutputFile.write(record.json(), to: folder.file(name + ".json"))
  }
}
