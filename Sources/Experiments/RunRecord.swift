import Datasets
import Foundation
import Torch
import Training

/// A run folder's `manifest.json`: what ran, where, on what, how far it came and how it ended.
public struct RunRecord: Codable, Sendable, Equatable {
  public enum Status: String, Codable, Sendable {
    case running
    /// By SIGINT or SIGTERM, with a checkpoint.
    case stopped
    case failed
    case finished
  }

  public var spikeguard = Spikeguard.version
  public var engine = Engine.version
  public var program = Program.current
  public var machine = Machine.current
  /// As it was typed; the options are in `config.yaml`.
  public var command = CommandLine.arguments
  /// When the run was taken up again, by which program and where; ``program`` and ``machine`` are the first's.
  public var resumed: [Session] = []
  public var started = ISO8601DateFormatter().string(from: Date())
  public var updated: String
  public var seed: UInt64
  public var configuration: RunConfiguration
  public var trainingData: DatasetFacts
  public var validationData: DatasetFacts?
  public var testData: DatasetFacts?
  public var status = Status.running
  /// Why, when it failed.
  public var failure: String?
  public var stepsDone = 0
  public var stepsInAll: Int
  /// Labels that a reader must not miss, as "not a valid evaluation".
  public var warnings: [String]

  init(_ configuration: RunConfiguration, _ datasets: RunDatasets, stepsInAll: Int) {
    self.configuration = configuration
    seed = configuration.training.seed
    trainingData = DatasetFacts(datasets.training)
    validationData = datasets.validation.map { DatasetFacts($0) }
    testData = datasets.test.map { DatasetFacts($0) }
    self.stepsInAll = stepsInAll
    warnings = configuration.training.warnings
    machine.threads = configuration.training.threads ?? machine.threads
    updated = started
  }

  /// One life of a run after its first.
  public struct Session: Codable, Sendable, Equatable {
    public let command: [String]
    public let started: String
    public let program: Program
    public let machine: Machine
    public let stepsDone: Int
  }

  /// Makes this the record of a later life of the same run.
  mutating func follow(_ before: RunRecord, from stepsDone: Int) {
    let now = Session(
      command: command, started: started, program: program, machine: machine,
      stepsDone: stepsDone)
    (command, started, program, machine) = (
      before.command, before.started, before.program, before.machine
    )
    resumed = before.resumed + [now]
  }

  func write(to folder: RunFolder) throws {
    var record = self
    record.updated = ISO8601DateFormatter().string(from: Date())
    try OutputFile.write(record.json(), to: folder.manifest)
  }

  /// - Throws: ``RunFileError`` when `manifest.json` is not one that a run writes.
  public init(contentsOf folder: RunFolder) throws(RunFileError) {
    let remedy =
      "it was damaged, or another version wrote it: take it from a backup, or train again"
    guard let data = FileManager.default.contents(atPath: folder.manifest) else {
      throw RunFileError(
        folder.manifest, expected: "a run's record", found: "no file that can be read",
        remedy: "check the path and its permissions")
    }
    do { self = try JSONDecoder().decode(RunRecord.self, from: data) } catch {
      let found = (error as? DecodingError)?.summary ?? "\(error)"
      throw RunFileError(
        folder.manifest, expected: "a run's record as JSON", found: "another text: \(found)",
        remedy: remedy)
    }
    guard seed == configuration.training.seed, stepsDone >= 0, stepsDone <= stepsInAll else {
      throw RunFileError(
        folder.manifest, expected: "a record that agrees with itself",
        found:
          "seeds \(seed) and \(configuration.training.seed), step \(stepsDone) of \(stepsInAll)",
        remedy: remedy)
    }
  }
}

/// Which build of this program ran.
public struct Program: Codable, Sendable, Equatable {
  /// Of the checkout that the program lies in; nil elsewhere.
  public let commit: String?
  /// SHA-256 of the executable file.
  public let sha256: String?

  public static let current = Program(
    commit: checkoutCommit, sha256: executableDigest)

  /// Read from the checkout's own files: git need not be installed.
  private static var checkoutCommit: String? {
    for folder in DataAccess.foldersAbove(DataAccess.executable) {
      let git = folder.appendingPathComponent(".git")
      guard let head = text(git.appendingPathComponent("HEAD")) else { continue }
      guard head.hasPrefix("ref: ") else { return head }
      let name = String(head.dropFirst("ref: ".count))
      if let commit = text(git.appendingPathComponent(name)) { return commit }
      let packed = text(git.appendingPathComponent("packed-refs")) ?? ""
      return packed.split(separator: "\n").first { $0.hasSuffix(" " + name) }
        .map { String($0.prefix { $0 != " " }) }
    }
    return nil
  }

  private static var executableDigest: String? {
    (try? Digest.of(contentsOf: DataAccess.executable, [.sha256]))?.first?.hexadecimal
  }

  private static func text(_ file: URL) -> String? {
    (try? String(contentsOf: file, encoding: .utf8))?.trimmingCharacters(
      in: .whitespacesAndNewlines)
  }
}
