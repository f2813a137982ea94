import Foundation
import Training

/// What a training run leaves, and where.
///
///     config.yaml        the complete configuration: give it to `--config` to train the same again
///     manifest.json      versions, machine, data, seed, how far the run came and how it ended
///     metrics.jsonl      what was measured on the way, one JSON object a line
///     events.out.…       the same for TensorBoard
///     checkpoints/       last, previous and best
///     results.json       the final numbers
public struct RunFolder: Sendable {
  public let output: OutputFolder
  public let checkpoints: CheckpointStore

  public var path: String { output.path }
  public var configuration: String { output.file("config.yaml") }
  public var manifest: String { output.file("manifest.json") }
  public var metrics: String { output.file("metrics.jsonl") }
  public var results: String { output.file("results.json") }

  /// Makes the folder where it is missing.
  public init(_ path: String) throws(OutputError) {
    output = try OutputFolder(path)
    checkpoints = CheckpointStore(folder: try OutputFolder(path + "/checkpoints").path)
  }

  /// Names where a run's files would be; touches nothing.
  public init(existing path: String) {
    output = OutputFolder(existing: path)
    checkpoints = CheckpointStore(folder: path + "/checkpoints")
  }

  /// Whether an earlier run left something that must not be lost.
  public var holdsRun: Bool {
    !checkpoints.isEmpty || checkpoints.has(.best)
      || [manifest, results].contains { FileManager.default.fileExists(atPath: $0) }
  }

  /// The files of an earlier run, which a new run replaces when it is told to.
  public func removeRun() throws {
    let files = CheckpointStore.Slot.allCases.map { checkpoints.path($0) }
    let logs = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { $0.hasPrefix("events.out.tfevents.") }.map { output.file($0) }
    for file in files + logs + [configuration, manifest, metrics, results]
    where FileManager.default.fileExists(atPath: file) {
      try FileManager.default.removeItem(atPath: file)
    }
  }

  /// The checkpoint that a path means: the file itself, or the last one of a run folder.
  public static func checkpoint(at path: String) -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return path }
    let store = CheckpointStore(folder: path + "/checkpoints")
    return store.lastGood ?? store.path(.last)
  }
}
