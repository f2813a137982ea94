import Datasets
import Foundation
import Layers
import Models
import Spiking
import Optimization
import TestSupport
import Testing
import Torch

@testable import Training

/// Epochs of steps: what a seed fixes, what a report counts, and what a cut in the middle leaves.
@Suite struct TrainingRunTests {
  @Test(arguments: [false, true])
  func `a seed fixes every bit of the weights`(deflating: Bool) throws {
    var runs = [(7, deflating), (7, deflating), (8, deflating), (7, !deflating)].map {
      TinyTask.run(seed: $0, deflating: $1)
    }
    for index in runs.indices { try runs[index].trainQuietly() }
    let weights = runs.map(\.step.network.weights)
    #expect(weights[0].isIdentical(to: weights[1]))
    #expect(runs[0].history.map(\.withoutTime) == runs[1].history.map(\.withoutTime))
    #expect(!weights[0].isIdentical(to: weights[2]), "another seed, the same weights")
    #expect(!weights[0].isIdentical(to: weights[3]), "deflation changed nothing")
  }

  /// Catches optimiser state or deflation's warm starts that are not saved, an order of samples or a rate that
  /// restarts, sums of an epoch that begin anew, and history that is lost. An epoch has 4 steps.
  @Test(arguments: [false, true], [1, 4, 6, 11])
  func `a run cut after any step ends with the same bits`(deflating: Bool, steps: Int) throws {
    try withTemporaryDirectory { folder in
      let file = folder + "/checkpoint.safetensors"
      var whole = TinyTask.run(seed: 7, deflating: deflating)
      try whole.trainQuietly()

      var cut = TinyTask.run(seed: 7, deflating: deflating)
      try cut.train(
        onStep: { _ in },
        betweenSteps: { run in
          guard run.stepsDone == steps else { return .goOn }
          try Checkpoint(
            weights: run.step.network.weights, optimizerState: run.step.optimizer.state,
            manifest: run.state
          ).write(to: file)
          return .stop
        })
      #expect(cut.stepsDone == steps && !cut.isFinished)

      let saved = try Checkpoint<RunState>(contentsOf: file)
      let fresh = TinyTask.run(seed: 7, deflating: deflating)
      try fresh.step.network.load(saved.weights)
      var step = fresh.step
      step.optimizer.state = saved.optimizerState
      var resumed = TrainingRun(
        step: step, loader: fresh.loader, epochs: fresh.epochs, state: saved.manifest)
      var stepsSeen: [Int] = []
      try resumed.train(onStep: { stepsSeen.append($0.stepsDone) })

      #expect(stepsSeen == Array(steps + 1...3 * 4) && resumed.isFinished)
      #expect(resumed.step.network.weights.isIdentical(to: whole.step.network.weights))
      #expect(resumed.step.optimizer.state.isIdentical(to: whole.step.optimizer.state))
      #expect(resumed.history.map(\.withoutTime) == whole.history.map(\.withoutTime))
    }
  }

  /// 22 images in batches of 6: a mean of batch means would be another number.
  @Test func `an epoch's numbers weigh every image the same`() throws {
    var run = TinyTask.run(seed: 3, epochs: 1)
    var steps: [StepReport] = []
    var running: [EpochReport] = []
    try run.train(
      onStep: {
        steps.append($0.last)
        running.append($0.soFar)
      })
    #expect(steps.map(\.count) == [6, 6, 6, 4])
    func perImage(_ value: (StepReport) -> Double) -> Double {
      let images = steps.flatMap { Array(repeating: value($0), count: $0.count) }
      return images.reduce(0, +) / Double(images.count)
    }
    let report = try #require(run.history.first)
    #expect(run.history.count == 1 && report.images == 22)
    expectClose(report.loss, perImage(\.loss), relative: 1e-12)
    expectClose(report.spikeRate, perImage(\.spikeRate), relative: 1e-12)
    expectClose(
      report.accuracy, perImage { Double($0.correct) / Double($0.count) }, relative: 1e-12)
    let unweighted = steps.reduce(0) { $0 + $1.loss } / 4
    #expect(abs(report.loss - unweighted) > 1e-6, "the batches are too alike to prove anything")
    #expect(running.last!.withoutTime == report.withoutTime)
    #expect(running.map(\.images) == [6, 12, 18, 22])
  }

  /// A checkpoint of NaN would take the place of the last good one, and could not be loaded.
  @Test func `weights that overflow in an epoch's last step end the run before its checkpoint`() {
    let overflowing = Optimizer {
      LearningRate(1e38)
      LearningRate(1e38)
    }
    var run = TrainingRun(
      step: TinyTask.step(TinyTask.network(), optimizer: overflowing),
      loader: DataLoader(TinyTask.dataset(count: 6), batchSize: 6), epochs: 1)
    let error = #expect(throws: TrainingError.self) {
      try run.train(onStep: { _ in }, onEpoch: { _, _ in Issue.record("an epoch was reported") })
    }
    guard case .weightsNotFinite(_, step: 0) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
  }
}

extension EpochReport {
  /// All but how long it took.
  var withoutTime: EpochReport {
    EpochReport(
      loss: loss, accuracy: accuracy, spikeRate: spikeRate, images: images, seconds: 0)
  }
}
