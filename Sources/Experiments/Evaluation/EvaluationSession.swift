import Attacks
import Datasets
import Foundation
import Spiking
import Torch

/// An evaluation at work: measurements one after the other, each saved chunk by chunk.
///
/// A measurement that the ledger knows is not made again, so the same list of measurements is walked in every life.
final class EvaluationSession {
  let job: EvaluationJob
  var ledger: EvaluationLedger
  /// Of the suite, once it has ended or stopped.
  private(set) var suiteImages: Tensor?
  private var partialSuite: WorstCaseResult?
  private var currentImages: Tensor?
  private let store: EvaluationStore
  private let shouldStop: () -> Bool
  private let onEvent: (EvaluationJob.Event) -> Void
  private let start = ContinuousClock.now
  private let images: LabeledImages
  private(set) var wasStopped = false

  init(
    _ job: EvaluationJob, _ ledger: EvaluationLedger, _ tensors: NamedTensors,
    _ store: EvaluationStore, shouldStop: @escaping () -> Bool,
    onEvent: @escaping (EvaluationJob.Event) -> Void
  ) {
    self.job = job
    self.ledger = ledger
    self.store = store
    self.shouldStop = shouldStop
    self.onEvent = onEvent
    suiteImages = tensors["suite"]
    currentImages = tensors["current"]
    let places = 0..<job.dataset.count
    images = LabeledImages(
      images: job.dataset.images(at: places), labels: job.dataset.labels(at: places))
  }

  /// The suite as far as it came.
  var suite: WorstCaseResult? { ledger.suite ?? partialSuite }
  /// Of all lives.
  var seconds: Double { ledger.seconds + start.duration(to: .now) / .seconds(1) }

  /// Everything, or as much as budget and signals allow.
  func run() throws -> EvaluationJob.Outcome {
    let plan = EvaluationPlan(job)
    var unfinished = plan.titles
    if try runSuite(plan) {
      unfinished.removeFirst(plan.hasSuite ? 1 : 0)
      for table in plan.tables {
        guard try measure(table) else { break }
        unfinished.removeFirst()
      }
    }
    return try EvaluationSummary(self, plan, unfinished: unfinished).outcome(images)
  }

  /// False where it was cut.
  private func measure(_ table: EvaluationPlan.Table) throws -> Bool {
    onEvent(.began(table.title))
    for row in table.rows where try measured(row) == nil { return cut() }
    onEvent(.finished("\(table.rows.count) measurements"))
    return true
  }

  /// False where it was cut.
  private func runSuite(_ plan: EvaluationPlan) throws -> Bool {
    guard plan.hasSuite, ledger.suite == nil else { return true }
    if plan.scouting.count > 1 {
      onEvent(.began("Ranking \(plan.scouting.count) gradient views"))
      for row in plan.scouting where try measured(row) == nil { return cut() }
      let best = ranking(plan).prefix(3).map(\.view).joined(separator: ", ")
      onEvent(.finished("best: \(best)"))
    }
    let stages = plan.suite.stages(ranking(plan).map(\.named))
    onEvent(.began("Suite of \(stages.count) attacks on \(job.dataset.count) images"))
    let evaluation = evaluation(job.recipe.threat, stages)
    let (result, adversarial) = try run(
      evaluation, "suite", images, { self.job.network.classifier(seed: $0) })
    suiteImages = adversarial
    guard result.isComplete else {
      partialSuite = result
      return cut()
    }
    ledger.suite = result
    try finish()
    onEvent(.finished("\(result.robustAccuracy.successes) of \(job.dataset.count) images survive"))
    return true
  }

  /// The views with what survived each, best first; equal ones in the catalogue's order.
  func ranking(_ plan: EvaluationPlan) -> [(view: String, named: NamedGradientView, score: Score?)]
  {
    let scores = plan.suite.candidates.enumerated().map { index, view in
      (index, view, ledger.measurement(plan.scoutingName(view))?.robust)
    }
    return scores.sorted {
      ($0.2?.correct ?? 0, $0.0) < ($1.2?.correct ?? 0, $1.0)
    }.map { ($0.1.name, $0.1, $0.2) }
  }

  /// A measurement of the ledger, or made now; nil where it was cut.
  private func measured(_ row: EvaluationPlan.Row) throws -> MeasuredScore? {
    if let known = ledger.measurement(row.name) { return known }
    let part = LabeledImages(
      images: images.images[0..<min(row.images, job.dataset.count)],
      labels: images.labels[0..<min(row.images, job.dataset.count)])
    let (result, _) = try run(
      evaluation(row.threat, row.stages), row.name, part, row.makeClassifier)
    guard result.isComplete else { return nil }
    let measurement = MeasuredScore(row.name, result)
    ledger.finished.append(measurement)
    try finish()
    return measurement
  }

  private func evaluation(_ threat: ThreatModel, _ stages: [AttackStage]) -> WorstCaseEvaluation {
    WorstCaseEvaluation(
      threat, stages: stages, seed: job.recipe.seed, batchSize: job.recipe.batchSize,
      budget: job.budget.map { $0 - start.duration(to: .now) / .seconds(1) })
  }

  /// One measurement, from the state that it was cut in.
  private func run(
    _ evaluation: WorstCaseEvaluation, _ name: String, _ data: LabeledImages,
    _ makeClassifier: @escaping (UInt64) -> Classifier
  ) throws -> (result: WorstCaseResult, adversarial: Tensor) {
    var state: WorstCaseState?
    if let current = ledger.current, current.name == name, let currentImages {
      state = WorstCaseState(record: current.record, adversarial: currentImages)
    }
    return try evaluation(makeClassifier, on: data, from: state) { progress, state in
      ledger.current = .init(name: name, record: state.record)
      currentImages = state.adversarial
      try save()
      if progress.stage < evaluation.stages.count {
        let stage = evaluation.stages[progress.stage]
        onEvent(
          .counted(
            progress.done, of: progress.survivors,
            "\(stage.name): \(stage.attack.name), \(progress.robust) of \(progress.images) left"))
      }
      wasStopped = shouldStop()
      return !wasStopped
    }
  }

  private func finish() throws {
    ledger.current = nil
    currentImages = nil
    try save()
  }

  private func save() throws {
    var written = ledger
    written.seconds = seconds
    try store.save(written, current: currentImages, suite: ledger.suite == nil ? nil : suiteImages)
  }

  private func cut() -> Bool {
    onEvent(.finished(wasStopped ? "stopped by a signal" : "out of budget"))
    return false
  }
}

extension EvaluationLedger {
  func measurement(_ name: String) -> MeasuredScore? { finished.first { $0.name == name } }
}
