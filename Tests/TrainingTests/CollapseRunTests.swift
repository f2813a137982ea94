import Datasets
import Foundation
import Layers
import Models
import Optimization
import Spiking
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct CollapseRunTests {
  struct Planted {
    var name: String
    var foreign: Presentation?
    var batches = 1
    var factor = 1.0
    var rate = 0.1
    var deflating = false
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["EXPLORE"] != nil))
  func explore() throws {
    for planted in [
      Planted(name: "inverted 1", foreign: .inverted, rate: 1),
      Planted(name: "inverted 2", foreign: .inverted, rate: 2),
      Planted(name: "noise 1", foreign: .uniformNoise, rate: 1),
      Planted(name: "noise 2", foreign: .uniformNoise, rate: 2),
      Planted(name: "inverted x5 .5", foreign: .inverted, batches: 5, rate: 0.5),
      Planted(name: "noise x5 .5", foreign: .uniformNoise, batches: 5, rate: 0.5),
      Planted(name: "honest 1", rate: 1),
      Planted(name: "honest 2", rate: 2),
    ] {
      for seed in 1...2 as ClosedRange<UInt64> {
        let loader = DataLoader(
          TinyTask.dataset(count: 160), batchSize: 16, order: .shuffled, seed: seed,
          augmentations: [.randomCrop(padding: 1)])
        let network = TinyTask.network(seed: seed)
        let exposure = Exposure(
          .clean,
          foreign: planted.foreign.map {
            .init(
              $0,
              ForeignSchedule(
                batches: planted.batches, place: .start, cadence: .once, fromEpoch: 5),
              batchesPerEpoch: 10)
          })
        var step = TrainingStep(
          network: network, encoder: TinyTask.encoder, exposure: exposure,
          objective: PerStepCrossEntropy(),
          optimizer: TinyTask.optimizer(
            deflating: planted.deflating, rate: .constant(planted.rate)),
          monitor: CollapseMonitor(), seed: seed)
        var losses: [String] = []
        let clock = ContinuousClock(); let start = clock.now
        for epoch in 0..<8 {
          for batch in loader.epoch(epoch) {
            let index = epoch * 10 + batch.index
            let kept = step.optimizer
            if index == 50, planted.factor != 1 {
              step.optimizer = TinyTask.optimizer(
                deflating: planted.deflating, rate: .constant(planted.rate * planted.factor))
              step.optimizer.state = kept.state
            }
            let report = try step(batch, index: index)
            if index == 50, planted.factor != 1 {
              let state = step.optimizer.state; step.optimizer = kept; step.optimizer.state = state
            }
            losses.append(
              String(format: "%.2f/%.2f", report.loss, Double(report.correct) / 16)
                + (report.isForeign ? "F" : ""))
            if let collapse = report.collapse { losses.append("<<<\(collapse.onset)>>>") }
          }
        }
        print("=====", planted.name, seed, clock.now - start)
        print(losses.joined(separator: " "))
        for c in step.monitor!.collapses { print(c) }
      }
    }
  }
}
