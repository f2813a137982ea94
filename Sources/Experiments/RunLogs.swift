import Foundation
import Optimization
import Training

/// A run's two logs: `metrics.jsonl` for programs, an event file for TensorBoard. Both say the same.
final class RunLogs {
  private let metrics: MetricsLog
  private let events: EventFileWriter
  private let schedule: (Int) -> Double
  /// What could not be continued, a sentence each.
  private(set) var notes: [String] = []

  /// Where both logs end, for a checkpoint.
  struct Position: Codable, Sendable, Equatable {
    var metrics: UInt64 = 0
    /// Name of the event file in the run's folder.
    var events: String?
    var eventsSize = 0
  }

  /// Continues the logs from where they were at a checkpoint.
  ///
  /// - Parameters:
  ///   - position: of the checkpoint; zero begins anew.
  ///   - rate: the learning rate by step.
  init(_ folder: RunFolder, from position: Position, rate: @escaping (Int) -> Double) throws {
    metrics = try MetricsLog(path: folder.metrics, keeping: position.metrics)
    schedule = rate
    guard let name = position.events else {
      events = try EventFileWriter(folder: folder.path)
      return
    }
    do {
      events = try EventFileWriter(
        continuing: folder.output.file(name), truncatedTo: position.eventsSize)
    } catch {
      // TensorBoard's file is a view; the run does not depend on it.
      events = try EventFileWriter(folder: folder.path)
      notes.append("\(error); a new event file begins")
    }
  }

  /// Brings everything to the disk, before a checkpoint that counts on it.
  func position() throws -> Position {
    try metrics.synchronize()
    try events.synchronize()
    return Position(
      metrics: metrics.length, events: URL(fileURLWithPath: events.path).lastPathComponent,
      eventsSize: events.size)
  }

  /// Averages over some steps, the last of them in this epoch (from 0).
  func log(_ point: CurvePoint, epoch: Int) throws {
    let rate = schedule(point.step - 1)
    try metrics.append(StepRecord(point, epoch: epoch, learningRate: rate))
    var scalars = [
      ("train/loss", point.loss), ("train/accuracy", point.accuracy),
      ("train/spike rate", point.spikeRate), ("train/learning rate", rate),
    ]
    for layer in point.deflation ?? [] {
      scalars.append(("leading share/" + layer.layer, layer.energyRemoved))
    }
    try events.add(scalars: scalars, step: point.step)
  }

  /// - Parameter epoch: how many are done.
  func log(_ report: EpochReport, epoch: Int, step: Int) throws {
    try metrics.append(EpochRecord(epoch: epoch, step: step, report: report))
    try events.add(
      scalars: [("epoch/loss", report.loss), ("epoch/accuracy", report.accuracy)], step: step)
  }

  func log(_ evaluation: Evaluation, step: Int) throws {
    try metrics.append(EvaluationRecord(evaluation))
    try events.add(
      scalars: [("\(evaluation.part.rawValue)/accuracy", evaluation.score.accuracy)], step: step)
  }

  func log(_ preview: EarlyPreview, step: Int) throws {
    try metrics.append(PreviewRecord(preview, step: step))
    try events.add(
      scalars: preview.layers.map { ("early spike rate/" + $0.name, $0.rate) }, step: step)
  }

  func log(_ record: CurvatureRecord) throws {
    try metrics.append(record)
    guard let value = record.curvature.value else { return }
    try events.add(scalars: [("curvature/largest eigenvalue", value)], step: record.step)
  }

  func log(_ record: SpectrumRecord) throws {
    try metrics.append(record)
    try events.add(
      scalars: record.spectrum.layers.map { ("sigma1 share/" + $0.layer, $0.energyShare) },
      step: record.step)
  }

  func log(_ collapse: CollapseReport) throws {
    try metrics.append(CollapseRecord(collapse))
    try events.add(scalars: [("collapse/onset", Double(collapse.onset))], step: collapse.noticed)
  }
}
