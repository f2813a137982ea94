import Attacks
import Datasets
import Layers
import Models
import Spiking
import Optimization
import TestSupport
import Testing
import Torch

@testable import Training

/// What the network is shown: adversarial images, and nothing of the attack left behind.
@Suite struct ExposureTests {
  static let epsilon = 0.05
  let attack = PGD(.linf(epsilon), stepSize: 0.02, steps: 3)

  private func images(
    _ exposure: Exposure, _ batch: Batch, step: Int = 0, seed: UInt64 = 9
  ) throws -> Tensor {
    let network = TinyTask.network()
    let before = network.weights.copies()
    let images = try exposure.presentation(at: step, seed: seed).0.show(
      batch, to: network, encoder: TinyTask.encoder, StepRandomness(seed: seed, step: step)
    ).images
    #expect(network.weights.isIdentical(to: before), "the attack changed the network")
    return images
  }

  /// Catches an attack whose passes move running statistics, and one whose graph or state reaches the step.
  @Test func `a step on adversarial images is a step on these images as a batch`() throws {
    let batch = TinyTask.batch()
    let exposure = Exposure.adversarial(attack)
    let shown = try images(exposure, batch)
    let (attacked, given) = (TinyTask.network(), TinyTask.network())
    var first = TinyTask.step(attacked, exposure: exposure)
    var second = TinyTask.step(given)
    let report = try first(batch, index: 0)
    let same = try second(
      Batch(images: shown, labels: batch.labels, indices: batch.indices, epoch: 0, index: 0),
      index: 0)
    #expect(report == same)
    #expect(attacked.weights.isIdentical(to: given.weights))
    #expect(first.optimizer.state.isIdentical(to: second.optimizer.state))
  }

  @Test func `adversarial images are within ε, in range, and not the batch`() throws {
    let batch = TinyTask.batch()
    let shown = try images(.adversarial(attack), batch)
    let distance = (shown - batch.images).magnitude().max().item()
    #expect(distance <= Self.epsilon + 1e-6)
    #expect(distance > Self.epsilon / 2)
    #expect(shown.min().item() >= 0 && shown.max().item() <= 1)
    #expect(!shown.requiresGradient)
    #expect(try images(.clean, batch).isIdentical(to: batch.images))
  }

  /// A resumed run must draw the random starts of the steps that it missed no more and no less.
  @Test func `random starts depend on the seed and the step, and on nothing before`() throws {
    let batch = TinyTask.batch()
    let exposure = Exposure.adversarial(attack)
    let once = try images(exposure, batch, step: 4)
    #expect(try images(exposure, batch, step: 4).isIdentical(to: once))
    #expect(try !images(exposure, batch, step: 5).isIdentical(to: once))
    #expect(try !images(.adversarial(attack), batch, step: 4, seed: 10).isIdentical(to: once))
  }

  @Test func `an attack's error ends the step before anything changes`() throws {
    let network = TinyTask.network()
    let before = network.weights.copies()
    var step = TinyTask.step(network, exposure: .adversarial(FGSM(epsilon: 8)))
    #expect(throws: AttackError.self) { try step(TinyTask.batch(), index: 0) }
    #expect(network.weights.isIdentical(to: before))
  }

  /// c/+p and p/+c: catches a foreign batch that is shown as the base is, or the other way round, one at another
  /// step than the schedule's, and random numbers that depend on what came before.
  @Test(arguments: [false, true])
  func `a heterogeneous run is steps of both kinds in the schedule's order`(isClean: Bool) throws {
    let pair = [Presentation.clean, .adversarial(attack)]
    let (base, foreign) = isClean ? (pair[0], pair[1]) : (pair[1], pair[0])
    let schedule = ForeignSchedule(batches: 2, place: .random, fromEpoch: 1)
    let (mixed, byHand) = (TinyTask.network(), TinyTask.network())
    var step = TinyTask.step(
      mixed, exposure: Exposure(base, foreign: .init(foreign, schedule, batchesPerEpoch: 4)))
    var optimizer = TinyTask.optimizer()
    let loader = DataLoader(TinyTask.dataset(count: 24), batchSize: 6, prefetch: 0)
    for epoch in 0..<3 {
      let places = schedule.foreignBatches(inEpoch: epoch, batchesPerEpoch: 4, seed: 9)
      for batch in loader.epoch(epoch) {
        let index = epoch * 4 + batch.index
        let report = try step(batch, index: index)
        let isForeign = places.contains(batch.index)
        #expect(report.isForeign == isForeign)
        var single = TinyTask.step(
          byHand, exposure: Exposure(isForeign ? foreign : base), optimizer: optimizer)
        let same = try single(batch, index: index)
        optimizer = single.optimizer
        #expect(same.loss == report.loss && !same.isForeign)
        #expect(mixed.weights.isIdentical(to: byHand.weights), "step \(index)")
      }
    }
  }

  @Test func `inverted images are dark for light`() throws {
    let batch = TinyTask.batch()
    let shown = try images(Exposure(.inverted), batch)
    expectClose(shown + batch.images, .ones(batch.images.shape), relative: 0, absolute: 1e-6)
  }

  @Test func `noise images know nothing of the batch`() throws {
    let (one, other) = (TinyTask.batch(count: 64, seed: 1), TinyTask.batch(count: 64, seed: 2))
    let noise = try images(Exposure(.uniformNoise), one)
    #expect(try images(Exposure(.uniformNoise), other).isIdentical(to: noise))
    #expect(try !images(Exposure(.uniformNoise), one, step: 1).isIdentical(to: noise))
    #expect(noise.min().item() >= 0 && noise.max().item() <= 1 && noise.dtype == .float32)
    expectClose(noise.mean().item(), 0.5, relative: 0, absolute: 0.02)
    expectClose(noise.flattened().variance(along: [0]).item(), 1 / 12, relative: 0.05)
  }

  @Test func `Gaussian noise has its deviation, and pixels stay pixels`() throws {
    let batch = TinyTask.batch(count: 64)
    let gray = Batch(
      images: Tensor.full(0.5, shape: batch.images.shape), labels: batch.labels,
      indices: batch.indices, epoch: 0, index: 0)
    let slight = try images(Exposure(.gaussianNoise(deviation: 0.05)), gray)
    expectClose(slight.flattened().variance(along: [0]).item(), 0.0025, relative: 0.1)
    expectClose(slight.mean().item(), 0.5, relative: 0, absolute: 0.005)
    let strong = try images(Exposure(.gaussianNoise(deviation: 5)), batch)
    #expect(strong.min().item() == 0 && strong.max().item() == 1)
  }
}
