import Attacks
import Datasets
import Layers
import Models
import Optimization
import Spiking
import TestSupport
import Testing
import Torch

@testable import Training

/// The release's attack: what it is without its defects, and what each of them leaves in a training step.
///
/// Its numbers are torchattacks' and SpikingJelly's in `ReleasedFixtureTests`.
@Suite struct ReleasedAttackTests {
  private let normalization = PixelNormalization(mean: [0.4], standardDeviation: [0.25])

  private func network(seed: UInt64 = 1) -> VGG {
    try! VGG(
      VGGConfiguration(
        .vgg5, classes: 4, channels: 1, imageSize: 8, width: 1.0 / 8, head: .compact,
        normalization: normalization),
      using: Generator(seed: seed))
  }

  private func attack(_ method: ReleasedAttack.Method, _ parts: ReleasedProtocol) -> ReleasedAttack
  {
    ReleasedAttack(method, epsilon: 0.05, parts: parts, normalization: normalization)
  }

  @Test func `without its defects it is the attack, bit for bit`() throws {
    let (network, batch) = (network(), TinyTask.batch())
    let pairs: [(ReleasedAttack.Method, any Attack)] = [
      (.fgsm, FGSM(epsilon: 0.05)),
      (.pgd(stepSize: 0.02, steps: 3), PGD(.linf(0.05), stepSize: 0.02, steps: 3)),
    ]
    for (method, right) in pairs {
      let released = try attack(method, []).run(
        batch.images, labels: batch.labels, against: network, encoder: TinyTask.encoder,
        using: Generator(seed: 3))
      let expected = try right(
        batch.images, labels: batch.labels, against: network.classifier(TinyTask.encoder),
        using: Generator(seed: 3))
      #expect(released.images.isIdentical(to: expected))
      #expect(released.leftBy == nil)
      let logits = try attack(method, []).logits(
        batch.images, labels: batch.labels, of: network, encoder: TinyTask.encoder,
        using: Generator(seed: 3))
      #expect(logits.isIdentical(to: network.classifier(TinyTask.encoder)(expected).detached()))
    }
  }

  /// That is what makes its results meaningless: ε = 0 changes images, too.
  @Test func `a clamp of normalised images moves them far beyond ε`() throws {
    let batch = TinyTask.batch()
    var none = attack(.fgsm, .normalizedClamp)
    none = ReleasedAttack(.fgsm, epsilon: 0, parts: none.parts, normalization: normalization)
    let result = try none.run(
      batch.images, labels: batch.labels, against: network(), encoder: TinyTask.encoder,
      using: Generator(seed: 3))
    #expect(result.moved.min().item() == 0 && result.moved.max().item() == 1)
    expectClose(result.images, batch.images.clamped(0.4, 0.65), relative: 0, absolute: 1e-6)
    #expect((result.images - batch.images).magnitude().max().item() > 0.2)
  }

  /// Catches a training pass from a fresh state, and one from another call's.
  @Test(arguments: [ReleasedProtocol.all, .leakedState, .oneStepAttack])
  func `a training step starts from the membranes that the attack left`(
    parts: ReleasedProtocol
  ) throws {
    let batch = TinyTask.batch()
    let (stepped, byHand) = (network(), network())
    let attack = attack(.pgd(stepSize: 0.02, steps: 3), parts)
    var step = TinyTask.step(stepped, exposure: Exposure(.asReleased(attack)), seed: 6)
    let report = try step(batch, index: 2)

    let shown = try attack.run(
      batch.images, labels: batch.labels, against: byHand, encoder: TinyTask.encoder,
      using: StepRandomness(seed: 6, step: 2).generator(.presentation))
    func trained(from earlier: ForwardPass?) -> LossGradients {
      var pass = ForwardPass(.training, startingFrom: earlier)
      return byHand.lossGradients(
        of: TinyTask.objective, on: shown.images, labels: batch.labels,
        encoder: TinyTask.encoder, &pass)
    }
    let statistics = byHand.buffers.copies()
    let fresh = trained(from: nil)
    byHand.restore(statistics)
    let result = trained(from: shown.leftBy)
    #expect(report.loss == result.loss.item())
    #expect((report.loss == fresh.loss.item()) == !parts.contains(.leakedState))
    var optimizer = TinyTask.optimizer()
    optimizer.update(byHand.parameters, with: result.gradients, step: 2)
    #expect(stepped.weights.isIdentical(to: byHand.weights))
    #expect(!report.isForeign)
  }

  @Test func `unusable input and settings are named`() throws {
    let batch = TinyTask.batch()
    func run(_ attack: ReleasedAttack, _ images: Tensor) throws {
      _ = try attack.run(
        images, labels: batch.labels, against: network(), encoder: TinyTask.encoder,
        using: Generator(seed: 0))
    }
    #expect(throws: AttackError.self) { try run(attack(.fgsm, .all), batch.images * 3) }
    #expect(throws: AttackError.self) {
      try run(attack(.pgd(stepSize: 0, steps: 3), .all), batch.images)
    }
    #expect(throws: AttackError.self) {
      let far = ReleasedAttack(.fgsm, epsilon: 8, parts: .all, normalization: normalization)
      try run(far, batch.images)
    }
  }
}
