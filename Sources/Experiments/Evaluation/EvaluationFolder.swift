import Foundation
import Training

/// What an evaluation leaves, and where.
///
///     results.json              all numbers
///     report.html               the same as a page
///     adversarial.safetensors   on request: images that anyone can check
///     state/                    where it stands, to go on from
public struct EvaluationFolder: Sendable {
  let output: OutputFolder
  let state: CheckpointStore

  public var path: String { output.path }
  public var results: String { output.file("results.json") }
  public var report: String { output.file("report.html") }
  public var adversarial: String { output.file("adversarial.safetensors") }

  /// Makes the folder where it is missing.
  public init(_ path: String) throws(OutputError) {
    output = try OutputFolder(path)
    state = CheckpointStore(folder: try OutputFolder(path + "/state").path)
  }

  /// Whether an earlier evaluation left something that must not be lost.
  var holdsEvaluation: Bool {
    !state.isEmpty
      || [results, adversarial].contains { FileManager.default.fileExists(atPath: $0) }
  }

  /// The files of an earlier evaluation, which a new one replaces when it is told to.
  func removeEvaluation() throws {
    for file in CheckpointStore.Slot.allCases.map({ state.path($0) }) + [
      results, report, adversarial,
    ] where FileManager.default.fileExists(atPath: file) {
      try FileManager.default.removeItem(atPath: file)
    }
  }
}
