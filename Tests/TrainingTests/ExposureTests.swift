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
}
