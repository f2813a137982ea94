import Foundation
import Models
import Torch

/// How time and memory grow with each size of the problem, next to the best peer's at each point.
///
/// One quantity is varied at a time. Each point, side and run is a process of its own.
enum GrowthCase: BenchmarkCase {
  static let name = "growth"
  static let abstract =
    "Time and memory against T, batch, width and image size, next to the best peer's."

  static func run(_ session: inout Session) throws {
    var base = StepSetting(
      .vgg11, width: session.quick ? 0.25 : 0.5, channels: 3, size: 32, batchSize: 32)
    base.steps = 4
    say("\nGrowth around \(base.description), \(Engine.threads) threads")
    var meter = try GrowthMeter(
      base, session.options, variants: session.variants, rounds: session.rounds(3, quick: 1))
    var record = GrowthRecord(
      base: base.description, memoryLimit: meter.memoryLimit, searched: meter.searched,
      excluded: meter.excluded)
    for quantity in GrowthQuantity.allCases {
      for run in GrowthRun.allCases {
        var sweep = GrowthSweep(quantity: quantity, run: run)
        for value in quantity.values(quick: session.quick) {
          sweep.points.append(meter.measure(quantity.applied(value, to: base), at: value, run))
        }
        say("\n" + sweep.text)
        record.sweeps.append(sweep)
      }
    }
    say("\n" + record.notes)
    // Nobody who is missing goes unnoticed.
    session.failures += record.failures.count
    session.record.growths.append(record)
    guard let json = session.options.json else { return }
    let chart = URL(fileURLWithPath: json).deletingPathExtension().path + "-growth.svg"
    try GrowthChart(record).svg.write(toFile: chart, atomically: true, encoding: .utf8)
    say("  Chart: \(chart)")
  }
}

/// What is varied.
enum GrowthQuantity: String, CaseIterable, Codable {
  case steps = "time steps"
  case batch = "batch"
  case width = "width"
  case imageSize = "image size"

  /// VGG-11 halves images five times: 32 × 32 are its smallest.
  func values(quick: Bool) -> [Double] {
    switch self {
    case .steps: quick ? [1, 4, 16] : [1, 2, 4, 8, 16, 32]
    case .batch: quick ? [4, 16, 64] : [1, 4, 16, 64, 256]
    case .width: quick ? [0.125, 0.25, 0.5] : [0.25, 0.5, 1, 2]
    case .imageSize: quick ? [32, 64] : [32, 64, 96]
    }
  }

  func applied(_ value: Double, to base: StepSetting) -> StepSetting {
    var setting = base
    switch self {
    case .steps: setting.steps = Int(value)
    case .batch: setting.batchSize = Int(value)
    case .width: setting.width = value
    case .imageSize: setting.size = Int(value)
    }
    return setting
  }
}

/// What is measured; the raw value is the worker's word for it.
enum GrowthRun: String, CaseIterable, Codable {
  case step
  case evaluate

  var title: String { self == .step ? "training step" : "evaluation pass" }

  /// The processes that do it at a setting.
  func sides(_ setting: StepSetting, _ options: Options) throws -> Sides {
    guard self == .evaluate else { return try Sides(setting, options) }
    // An evaluation is to have spikes.
    return try Sides(setting, options) { try setting.writeCalibrated(weights: $0, batch: $1) }
  }

  /// Does it once; in seconds.
  func seconds(of worker: Worker) throws -> Double {
    try worker.ask(WorkerRequest(run: rawValue, count: 1)).seconds!.last!
  }
}
