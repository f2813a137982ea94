import Foundation
import TestSupport
import Testing

@testable import Experiments
@testable import Training

/// What the first batches tell.
@Suite struct EarlyPreviewTests {
  /// - Parameter batches: in an epoch; a step takes half a second.
  private func progress(step: Int, rates: [Double], batches: Int = 100) -> TrainingProgress {
    let report = StepReport(loss: 1, correct: 1, count: 2, spikeRate: 0.1, layerRates: rates)
    let soFar = EpochReport(
      loss: 1, accuracy: 0.5, spikeRate: 0.1, images: 2, seconds: 0.5 * Double(step % batches + 1))
    return TrainingProgress(
      epoch: step / batches, epochs: 100 / batches, batch: step % batches, batchesPerEpoch: batches,
      last: report, soFar: soFar, deflation: nil)
  }

  @Test func `rates are means over the first five steps, and dead and saturated layers are named`()
    throws
  {
    var recorder = PreviewRecorder(isSpiking: true)
    let names = ["a", "b", "c"]
    for step in 0..<4 {
      let rates = [0.0005 * Double(step), 0.2 + 0.1 * Double(step), 0.99]
      let early = recorder.add(progress(step: step, rates: rates), names: names)
      #expect(early == nil)
    }
    let last = progress(step: 4, rates: [0, 0.6, 0.99])
    let made = recorder.add(last, names: names)
    let preview = try #require(made)
    #expect(preview.layers.map(\.name) == names)
    expectClose(preview.layers[0].rate, 0.0005 * 6 / 5, relative: 1e-12)
    expectClose(preview.layers[1].rate, (0.2 + 0.3 + 0.4 + 0.5 + 0.6) / 5, relative: 1e-12)
    #expect(preview.layers.map(\.state) == [.dead, .alive, .saturated])
    #expect(preview.warnings.count == 2)
    #expect(preview.warnings[0].hasPrefix("a is dead (0.06 % spikes)"))
    #expect(preview.warnings[1].hasPrefix("c is saturated (99.00 % spikes)"))
    #expect(preview.secondsPerStep == 0.5 && preview.peakMemory > 1 << 20)
    expectClose(preview.secondsInAll, preview.secondsPerStep * 95, relative: 1e-9)
    let again = recorder.add(progress(step: 5, rates: [0, 0, 0]), names: names)
    #expect(again == nil, "only once")
  }

  /// The epoch's clock stands still in evaluations, so neither they nor an epoch's end count.
  @Test func `time is that of steps, over epochs' ends, and a short run has a preview too`() throws
  {
    var recorder = PreviewRecorder(isSpiking: false)
    var previews: [EarlyPreview] = []
    for step in 0..<6 {
      if let made = recorder.add(progress(step: step, rates: [0], batches: 2), names: ["a"]) {
        previews.append(made)
      }
    }
    #expect(previews.map(\.secondsPerStep) == [0.5])
    #expect(
      previews[0].warnings == ["a is dead (0.00 % active): look at the initial weights"])

    var short = PreviewRecorder(isSpiking: true)
    let only = TrainingProgress(
      epoch: 0, epochs: 1, batch: 0, batchesPerEpoch: 1,
      last: StepReport(loss: 1, correct: 1, count: 2, spikeRate: 0.1, layerRates: [0.5]),
      soFar: EpochReport(loss: 1, accuracy: 1, spikeRate: 0.1, images: 2, seconds: 0.25),
      deflation: nil)
    let made = short.add(only, names: ["a"])
    #expect(try #require(made).secondsPerStep == 0.25)
  }
}
