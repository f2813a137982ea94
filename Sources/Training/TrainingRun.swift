import Datasets
import Layers
import Optimization
import Torch

/// Epoch after epoch of training steps, with reports on the way.
public struct TrainingRun {
  public var step: TrainingStep
  public let loader: DataLoader
  /// The epochs to train in all.
  public let epochs: Int
  /// What came before, when a run is continued.
  public private(set) var history: [EpochReport]

  public init(step: TrainingStep, loader: DataLoader, epochs: Int, history: [EpochReport] = []) {
    self.step = step
    self.loader = loader
    self.epochs = epochs
    self.history = history
  }

  /// Trains the epochs that are left.
  ///
  /// - Parameters:
  ///   - onStep: called after every step.
  ///   - onEpoch: called after every epoch, the place to write a checkpoint.
  /// - Throws: ``TrainingError``, and whatever the closures throw. `onEpoch` sees finite weights only.
  public mutating func train(
    onStep: (TrainingProgress) throws -> Void, onEpoch: (EpochReport, TrainingRun) throws -> Void
  ) throws {
    for epoch in history.count..<epochs {
      let clock = ContinuousClock()
      let start = clock.now
      var totals = EpochTotals()
      for batch in loader.epoch(epoch) {
        let report = try step(batch, index: epoch * loader.batchesPerEpoch + batch.index)
        totals.add(report)
        let seconds = (clock.now - start) / .seconds(1)
        try onStep(
          TrainingProgress(
            epoch: epoch, epochs: epochs, batch: batch.index,
            batchesPerEpoch: loader.batchesPerEpoch, last: report, soFar: totals.report(seconds),
            deflation: step.optimizer.first(DominantSingularDeflation.self)?.report))
      }
      if let name = step.network.weights.firstNotFinite {
        throw TrainingError.weightsNotFinite(name: name, epoch: epoch)
      }
      let report = totals.report((clock.now - start) / .seconds(1))
      history.append(report)
      try onEpoch(report, self)
    }
  }
}

/// Averages over an epoch, weighted by images.
public struct EpochReport: Sendable, Equatable, Codable {
  public let loss: Double
  /// Share of images classified correctly while training, before each update.
  public let accuracy: Double
  public let spikeRate: Double
  public let images: Int
  public let seconds: Double
  public var imagesPerSecond: Double { seconds > 0 ? Double(images) / seconds : 0 }
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
}

private struct EpochTotals {
  private var loss = 0.0
  private var correct = 0
  private var spikeRate = 0.0
  private var images = 0

  mutating func add(_ report: StepReport) {
    let weight = Double(report.count)
    loss += report.loss * weight
    spikeRate += report.spikeRate * weight
    correct += report.correct
    images += report.count
  }

  func report(_ seconds: Double) -> EpochReport {
    let n = Double(max(images, 1))
    return EpochReport(
      loss: loss / n, accuracy: Double(correct) / n, spikeRate: spikeRate / n, images: images,
      seconds: seconds)
  }
}
