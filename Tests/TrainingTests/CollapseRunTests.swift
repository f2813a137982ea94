import Attacks
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

/// The monitor on real training: planted collapses, and honest runs that have none.
@Suite struct CollapseRunTests {
  /// What goes wrong at step 40 of 60, which have ten batches of 16 an epoch.
  private struct Plant {
    var foreign: Presentation?
    var batches = 1
    /// On the learning rate, at step 40 only.
    var factor = 1.0
    var rate = Schedule.constant(0.3)
    var deflating = false
    var base = Presentation.clean
  }

  private func run(_ plant: Plant, seed: UInt64, images: Int = 160, batch: Int = 16) throws
    -> CollapseMonitor
  {
    let loader = DataLoader(
      TinyTask.dataset(count: images), batchSize: batch, order: .shuffled, seed: seed,
      augmentations: [.randomCrop(padding: 1)])
    let perEpoch = loader.batchesPerEpoch
    let schedule = ForeignSchedule(
      batches: plant.batches, place: .start, cadence: .once, fromEpoch: 4)
    let exposure = Exposure(
      plant.base,
      foreign: plant.foreign.map { .init($0, schedule, batchesPerEpoch: perEpoch) })
    func optimizer(_ factor: Double) -> Optimizer {
      Optimizer {
        if plant.deflating { DominantSingularDeflation() }
        WeightDecay(5e-4)
        Momentum(0.9)
        LearningRate(plant.rate)
        if factor != 1 { LearningRate(factor) }
      }
    }
    var step = TrainingStep(
      network: TinyTask.network(seed: seed), encoder: TinyTask.encoder, exposure: exposure,
      objective: PerStepCrossEntropy(), optimizer: optimizer(1), monitor: CollapseMonitor(),
      seed: seed)
    for epoch in 0..<6 {
      for batch in loader.epoch(epoch) {
        let index = epoch * perEpoch + batch.index
        let isPlanted = index == 40 && plant.factor != 1
        let state = step.optimizer.state
        if isPlanted {
          step.optimizer = optimizer(plant.factor)
          step.optimizer.state = state
        }
        let report = try step(batch, index: index)
        #expect(
          report.isForeign == (plant.foreign != nil && epoch == 4 && batch.index < plant.batches))
        if isPlanted {
          let moved = step.optimizer.state
          step.optimizer = optimizer(1)
          step.optimizer.state = moved
        }
      }
    }
    return try #require(step.monitor)
  }

  private static let plants: [String: Plant] = [
    "five inverted batches": Plant(foreign: .inverted, batches: 5, rate: .constant(0.5)),
    "five batches of noise": Plant(foreign: .uniformNoise, batches: 5, rate: .constant(0.5)),
    "an inverted batch at a high rate": Plant(foreign: .inverted, factor: 100),
    "a batch of noise at a high rate": Plant(foreign: .uniformNoise, factor: 100),
    "a step 1,000 times too long": Plant(factor: 1000),
    "the same, deflated": Plant(factor: 1000, deflating: true),
  ]

  @Test(arguments: plants.keys.sorted(), [1, 2])
  func `planted collapses are found where they were planted`(name: String, seed: UInt64) throws {
    let plant = Self.plants[name]!
    let monitor = try run(plant, seed: seed)
    let report = try #require(monitor.collapses.first)
    let planted = 40 + (plant.foreign == nil ? 0 : plant.batches - 1)
    #expect((planted + 1...planted + 2).contains(report.onset), "\(report)")
    #expect(report.noticed <= report.onset + 4)
    #expect(report.foreignBefore?.step == (plant.foreign == nil ? nil : planted))
    // Around it everything was measured.
    let around = report.steps.filter { (planted...report.noticed).contains($0.step) }
    #expect(around.allSatisfy { $0.drift.map(\.layer) == ["layer1.1", "layer2.1", "layer2.5"] })
    let measured = around.filter { plant.deflating || $0.isForeign || $0.step > report.onset }
    #expect(measured.allSatisfy { $0.leadingShares.count == 4 }, "a share of each weight")
    #expect(
      measured.flatMap(\.leadingShares).allSatisfy { $0.share > 0.1 && $0.share <= 1 + 1e-6 })
  }

  private static let honest: [String: Plant] = [
    "slow": Plant(rate: .constant(0.05)),
    "fast": Plant(rate: .constant(1)),
    "cosine": Plant(rate: .cosine(from: 0.5, over: 60)),
    "a rate that drops": Plant(rate: .step(from: 0.3, factor: 0.1, every: 25)),
    "deflated": Plant(deflating: true),
    "adversarial": Plant(base: .adversarial(FGSM(epsilon: 0.05))),
    "noisy": Plant(base: .gaussianNoise(deviation: 0.3)),
  ]

  @Test(arguments: honest.keys.sorted())
  func `honest runs raise no alarm`(name: String) throws {
    let monitor = try run(Self.honest[name]!, seed: 3)
    #expect(monitor.collapses.isEmpty, "\(monitor.collapses)")
  }

  /// 15 batches of four images and one of three in each epoch.
  @Test func `small batches raise no alarm`() throws {
    let monitor = try run(Plant(rate: .constant(0.03)), seed: 1, images: 63, batch: 4)
    #expect(monitor.collapses.isEmpty, "\(monitor.collapses)")
  }

  /// The step throws; what it threw for is in the monitor.
  @Test func `a loss that is no number is in the monitor when the step has thrown`() throws {
    let network = TinyTask.network()
    var step = TinyTask.step(network, monitor: CollapseMonitor())
    _ = try step(TinyTask.batch(), index: 0)
    withoutGradients {
      network.parameters["classifier.1.bias"]!.addInPlace(Tensor(Float.infinity))
    }
    #expect(throws: TrainingError.self) { try step(TinyTask.batch(), index: 1) }
    let report = try #require(step.monitor?.collapses.first)
    #expect(report.onset == 1 && report.signs == [.lossNotFinite] && report.steps.count == 2)
  }

  /// Catches a monitor that draws random numbers, or hands deflated gradients on.
  @Test(arguments: [false, true])
  func `watching changes nothing`(deflating: Bool) throws {
    let networks = [TinyTask.network(), TinyTask.network()]
    for (network, monitor) in zip(networks, [nil, CollapseMonitor(shareInterval: 2)]) {
      var step = TinyTask.step(
        network, optimizer: TinyTask.optimizer(deflating: deflating), monitor: monitor)
      for index in 0..<4 { _ = try step(TinyTask.batch(seed: UInt64(index)), index: index) }
      guard let monitor = step.monitor else { continue }
      #expect(monitor.collapses.isEmpty)
    }
    #expect(networks[0].weights.isIdentical(to: networks[1].weights))
  }

  /// Random starts, random places, coding noise, the second pass and the monitor, cut in the middle of an epoch.
  @Test(arguments: [1, 6, 9])
  func `a heterogeneous, noisy, watched run that was cut ends with the same bits`(
    cut: Int
  ) throws {
    func run(_ network: VGG, state: RunState = RunState()) -> TrainingRun {
      let loader = DataLoader(
        TinyTask.dataset(count: 22), batchSize: 6, order: .shuffled, seed: 5,
        augmentations: [.randomCrop(padding: 1)])
      let attack = PGD(.linf(0.05), stepSize: 0.02, steps: 2)
      let foreign = Exposure.Foreign(
        .adversarial(attack), ForeignSchedule(batches: 2), batchesPerEpoch: loader.batchesPerEpoch)
      let step = TrainingStep(
        network: network, encoder: PoissonEncoding(steps: 3),
        exposure: Exposure(.gaussianNoise(deviation: 0.1), foreign: foreign),
        objective: TinyTask.objective, sharpness: SharpnessAwareAscent(rho: 0.05),
        optimizer: TinyTask.optimizer(deflating: true), monitor: CollapseMonitor(), seed: 5)
      return TrainingRun(step: step, loader: loader, epochs: 3, state: state)
    }
    let (uncut, other, third) = (TinyTask.network(), TinyTask.network(), TinyTask.network(seed: 8))
    var whole = run(uncut)
    try whole.trainQuietly()
    var first = run(other)
    try first.train(
      onStep: { _ in }, betweenSteps: { $0.stepsDone == cut ? .stop : .goOn })
    try third.load(other.weights)
    var rest = run(third, state: first.state)
    rest.step.optimizer.state = first.step.optimizer.state
    let saved = try JSONEncoder().encode(first.step.monitor)
    rest.step.monitor = try JSONDecoder().decode(CollapseMonitor.self, from: saved)
    try rest.trainQuietly()
    #expect(uncut.weights.isIdentical(to: third.weights))
    #expect(whole.step.optimizer.state.isIdentical(to: rest.step.optimizer.state))
    #expect(whole.step.monitor == rest.step.monitor)
  }
}
