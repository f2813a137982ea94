import Datasets
import Layers
import Optimization
import Torch

/// Epoch after epoch of training steps, which can be left and taken up again between any two of them.
public struct TrainingRun {
  public var step: TrainingStep
  public let loader: DataLoader
  /// The epochs to train in all.
  public let epochs: Int
  public private(set) var state: RunState

  /// - Parameter state: where an earlier run stopped; its weights and optimiser state are in `step`.
  /// - Precondition: the state's batch lies within an epoch, and the exposure's epoch is the loader's.
  public init(
    step: TrainingStep, loader: DataLoader, epochs: Int, state: RunState = RunState()
  ) {
    precondition(
      (0..<loader.batchesPerEpoch).contains(state.batch),
      "a run's state is at batch \(state.batch) of \(loader.batchesPerEpoch)")
    precondition(
      step.exposure.foreign.map { $0.batchesPerEpoch == loader.batchesPerEpoch } ?? true,
      "a run's exposure counts other batches in an epoch than its loader has")
    self.step = step
    self.loader = loader
    self.epochs = epochs
    self.state = state
  }

  public var history: [EpochReport] { state.history }
  public var stepsDone: Int { state.epoch * loader.batchesPerEpoch + state.batch }
  public var isFinished: Bool { state.epoch >= epochs }

  /// Whether to go on after a step.
  public enum Flow: Sendable { case goOn, stop }

  /// Trains what is left, or until `betweenSteps` says stop.
  ///
  /// - Parameters:
  ///   - onStep: called after every step.
  ///   - onEpoch: called after every epoch; it sees finite weights only.
  ///   - betweenSteps: called after the other two: the place to write a checkpoint.
  /// - Throws: ``TrainingError``, and whatever the closures throw.
  public mutating func train(
    onStep: (TrainingProgress) throws -> Void,
    onEpoch: (EpochReport, TrainingRun) throws -> Void = { _, _ in },
    betweenSteps: (TrainingRun) throws -> Flow = { _ in .goOn }
  ) throws {
    let clock = ContinuousClock()
    while !isFinished {
      var mark = clock.now
      for batch in loader.epoch(state.epoch, from: state.batch) {
        let report = try step(batch, index: stepsDone)
        state.totals.add(report)
        // What a measurement took is not training; it is in the report.
        state.totals.seconds +=
          (clock.now - mark) / .seconds(1) - (report.spectrum?.seconds ?? 0)
        state.batch += 1
        try onStep(progress(report, batch: batch))
        if state.batch == loader.batchesPerEpoch {
          try checkWeights()
          state.history.append(state.totals.report)
          state.batch = 0
          state.totals = EpochTotals()
          try onEpoch(state.history.last!, self)
        }
        if try betweenSteps(self) == .stop { return }
        mark = clock.now
      }
    }
  }

  /// - Throws: ``TrainingError/weightsNotFinite(name:step:)``. An update is not looked at before the next step's
  ///   loss, so ask before keeping weights.
  public func checkWeights() throws(TrainingError) {
    if let name = step.network.weights.firstNotFinite {
      throw .weightsNotFinite(name: name, step: stepsDone - 1)
    }
  }

  private func progress(_ report: StepReport, batch: Batch) -> TrainingProgress {
    TrainingProgress(
      epoch: batch.epoch, epochs: epochs, batch: batch.index,
      batchesPerEpoch: loader.batchesPerEpoch, last: report, soFar: state.totals.report,
      deflation: step.optimizer.first(DominantSingularDeflation.self)?.report)
  }
}

/// Where a run stands after a step.
public struct TrainingProgress: Sendable {
  public let epoch: Int
  public let epochs: Int
  /// Index of the batch that was just done.
  public let batch: Int
  public let batchesPerEpoch: Int
  public let last: StepReport
  /// The epoch up to here.
  public let soFar: EpochReport
  /// What deflation did in this step; nil when the optimiser has none.
  public let deflation: DeflationReport?

  public var stepsDone: Int { epoch * batchesPerEpoch + batch + 1 }
  public var stepsInAll: Int { epochs * batchesPerEpoch }
  public var endsEpoch: Bool { batch == batchesPerEpoch - 1 }
}
