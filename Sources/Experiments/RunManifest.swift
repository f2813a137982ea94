import Datasets
import Foundation
import Torch
import Training

/// What a checkpoint says of itself: how the network is built, how it was trained, on what and where, and all
/// that its run needs to go on.
public struct RunManifest: Codable, Sendable, Equatable {
  public var spikeguard = Spikeguard.version
  public var engine = Engine.version
  public var created = ISO8601DateFormatter().string(from: Date())
  public var machine = Machine.current
  public var network: NetworkRecipe
  public var training: TrainingRecipe
  public var dataset: DatasetFacts
  public var session: SessionState

  public init(
    network: NetworkRecipe, training: TrainingRecipe, dataset: DatasetFacts,
    session: SessionState = SessionState()
  ) {
    self.network = network
    self.training = training
    self.dataset = dataset
    self.session = session
  }

  public var history: [EpochReport] { session.run.history }
  /// In finer steps than ``history``, over all epochs, those before a run was continued included.
  public var curve: [CurvePoint] {
    get { session.curve.points }
    set { session.curve = CurveRecorder(points: newValue) }
  }
}

/// Where a run stands: what a checkpoint holds beside weights and optimiser state.
public struct SessionState: Codable, Sendable, Equatable {
  public internal(set) var run = RunState()
  var curve = CurveRecorder()
  public internal(set) var evaluations: [Evaluation] = []
  public internal(set) var best: BestEpoch?
  public internal(set) var monitor: CollapseMonitor?
  /// What was measured beside the training; nil for nothing.
  public internal(set) var measurements: RunMeasurements?
  /// Whether the last epoch of ``run`` is trained and not evaluated yet.
  var isEpochOpen = false
  /// How much of the logs belongs to the run up to here.
  var logs = RunLogs.Position()

  public init() {}
}

/// Which data a run saw.
public struct DatasetFacts: Codable, Sendable, Equatable {
  public let name: String
  public let split: ImageDataset.Split
  public let count: Int
  /// CRC-32 of pixels and labels: tells data sets apart, and is no protection against forgery.
  public let crc32: String

  public init(_ dataset: ImageDataset) {
    name = dataset.name
    split = dataset.split
    count = dataset.count
    crc32 = String(dataset.crc32, radix: 16)
  }
}

extension RunManifest {
  /// What is not as it was when this manifest was written, and may cost equal bits.
  func changes(to now: RunManifest) -> [String] {
    let pairs = [
      ("Spikeguard", spikeguard, now.spikeguard), ("LibTorch", engine, now.engine),
      ("the processor's instructions", machine.instructions, now.machine.instructions),
    ]
    return pairs.filter { $1 != $2 }.map {
      "\($0): \($1) before, \($2) now; what follows may differ in the last bits"
    }
  }
}

/// Where a run took place.
public struct Machine: Codable, Sendable, Equatable {
  public let processor: String
  public let instructions: String
  public internal(set) var threads: Int
  public let system: String

  public static var current: Machine {
    Machine(
      processor: processorName, instructions: Engine.cpuCapability, threads: Engine.threads,
      system: ProcessInfo.processInfo.operatingSystemVersionString)
  }

  private static var processorName: String {
    let facts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = facts.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
      ?? "unknown"
  }
}

/// Facts about this program.
public enum Spikeguard {
  public static let version = "0.1.0"
}
