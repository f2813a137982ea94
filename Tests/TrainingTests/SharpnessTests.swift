import Datasets
import Layers
import Models
import Optimization
import Spiking
import TestSupport
import Testing
import Torch

@testable import Training

/// The two passes of a sharpness-aware step, by closed form and by hand.
@Suite struct SharpnessTests {
  /// L = ½ Σ aᵢ (wᵢ − cᵢ)², whatever the images: g = a (w − c), g′ = a (w + ρ g/‖g‖ − c).
  private final class Bowl: SpikingNetwork {
    let center = Tensor([1.0, -2, 0.5])
    let weight = Tensor([0.3, 0.7, -1.1]).requiringGradient()
    let seen = Tensor([0.0])
    var parameters: NamedTensors { ["weight": weight] }
    var buffers: NamedTensors { ["seen": seen] }
    var neuronLayerNames: [String] { [] }

    func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor {
      pass.begin()
      withoutGradients { seen.addInPlace(Tensor([1.0])) }
      return (weight - center).expanded(to: [input.steps, input.batchSize, 3])
    }
  }

  private struct Quadratic: Objective {
    let curvature = Tensor([4.0, 1, 0.25])
    func callAsFunction(_ logits: Tensor, _ labels: Tensor) -> Tensor {
      ((logits * logits * curvature).sum(along: [2]) * 0.5).mean()
    }
  }

  @Test(arguments: [0, 0.05, 2])
  func `on a quadratic the step is the closed form, and buffers move once`(rho: Double) throws {
    let bowl = Bowl()
    let (a, w, c) = ([4, 1, 0.25], [0.3, 0.7, -1.1], [1, -2, 0.5])
    let g = (0..<3).map { a[$0] * (w[$0] - c[$0]) }
    let norm = g.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let expected = (0..<3).map { w[$0] - 0.1 * a[$0] * (w[$0] + rho * g[$0] / norm - c[$0]) }
    var step = TrainingStep(
      network: bowl, encoder: TinyTask.encoder, objective: Quadratic(),
      sharpness: SharpnessAwareAscent(rho: rho), optimizer: Optimizer { LearningRate(0.1) })
    _ = try step(TinyTask.batch(), index: 0)
    expectClose(bowl.weight.detached(), Tensor(expected), relative: 1e-12)
    #expect(bowl.seen.item() == 1)
  }

  private func step(
    _ network: VGG, _ ascent: SharpnessAwareAscent?, exposure: Exposure = .clean,
    optimizer: Optimizer = TinyTask.optimizer(deflating: true)
  ) -> TrainingStep {
    TrainingStep(
      network: network, encoder: PoissonEncoding(steps: 3), exposure: exposure,
      objective: TinyTask.objective, sharpness: ascent, optimizer: optimizer, seed: 4)
  }

  /// Catches other coding noise or another attack in the second pass, running statistics that move twice, an
  /// ascent along deflated gradients, and an update that starts at w + e.
  @Test(arguments: SharpnessAwareAscent.Neighborhood.allCases, [false, true])
  func `a step is two passes by hand, bit for bit`(
    neighborhood: SharpnessAwareAscent.Neighborhood, isNoisy: Bool
  ) throws {
    let ascent = SharpnessAwareAscent(rho: 0.5, neighborhood: neighborhood)
    let exposure = isNoisy ? Exposure(.gaussianNoise(deviation: 0.2)) : .clean
    let (stepped, byHand) = (TinyTask.network(), TinyTask.network())
    var step = step(stepped, ascent, exposure: exposure)
    var optimizer = TinyTask.optimizer(deflating: true)
    for index in 0..<3 {
      let batch = TinyTask.batch(seed: UInt64(index))
      let report = try step(batch, index: index)

      let randomness = StepRandomness(seed: 4, step: index)
      let images = try exposure.base.show(
        batch, to: byHand, encoder: PoissonEncoding(steps: 3), randomness
      ).images
      func gradients() -> LossGradients {
        var pass = ForwardPass(.training, using: randomness.generator(.coding))
        return byHand.lossGradients(
          of: TinyTask.objective, on: images, labels: batch.labels,
          encoder: PoissonEncoding(steps: 3), &pass)
      }
      let first = gradients()
      let (weights, statistics) = (byHand.parameters.copies(), byHand.buffers.copies())
      withoutGradients {
        for (name, e) in ascent.perturbation(of: first.gradients, at: byHand.parameters) {
          byHand.parameters[name]!.detached().addInPlace(e)
        }
      }
      #expect(!byHand.parameters.isIdentical(to: weights))
      let second = gradients()
      byHand.restore(weights)
      byHand.restore(statistics)
      optimizer.update(byHand.parameters, with: second.gradients, step: index)

      #expect(stepped.weights.isIdentical(to: byHand.weights), "step \(index)")
      #expect(step.optimizer.state.isIdentical(to: optimizer.state), "step \(index)")
      #expect(report.loss == first.loss.item(), "the loss is that at w")
    }
  }

  @Test func `without an ascent, or with ρ = 0, it is the plain step`() throws {
    let networks = (0..<3).map { _ in TinyTask.network() }
    let ascents = [nil, SharpnessAwareAscent(rho: 0), SharpnessAwareAscent(rho: 0.5)]
    for (network, ascent) in zip(networks, ascents) {
      var step = step(network, ascent)
      for index in 0..<2 { _ = try step(TinyTask.batch(), index: index) }
    }
    #expect(networks[0].weights.isIdentical(to: networks[1].weights))
    #expect(!networks[0].weights.isIdentical(to: networks[2].weights))
  }

  /// So far uphill that the numbers end: weights, running statistics and optimiser are as before.
  @Test func `a second pass that fails leaves everything as it was`() throws {
    let network = TinyTask.network()
    var step = step(network, SharpnessAwareAscent(rho: 1e38))
    let before = network.weights.copies()
    let error = #expect(throws: TrainingError.self) { try step(TinyTask.batch(), index: 5) }
    guard case .gradientNotFinite(_, step: 5) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(network.weights.isIdentical(to: before))
    #expect(step.optimizer.state.isEmpty)
  }

  @Test func `the order of things is printed`() {
    let exposure = Exposure(
      .inverted, foreign: .init(.clean, ForeignSchedule(), batchesPerEpoch: 4))
    #expect(
      step(TinyTask.network(), SharpnessAwareAscent(rho: 0.05), exposure: exposure).description
        == "inverted; clean: 1 batch at a random place of every epoch from epoch 0 on | "
        + "SharpnessAwareAscent(0.05, ball) → DominantSingularDeflation → WeightDecay(0.0005) → "
        + "Momentum(0.9) → LearningRate(0.05)")
    #expect(step(TinyTask.network(), nil).description.hasPrefix("clean | DominantSingular"))
  }
}
