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

/// One step against its parts called one by one, and what it leaves when it fails.
@Suite struct TrainingStepTests {
  /// Catches a step in evaluation mode, another loss, a gradient at other weights, an index that does not
  /// reach the schedule, and predictions other than by the mean over time.
  @Test(arguments: [false, true])
  func `steps are their parts called by hand, bit for bit`(deflating: Bool) throws {
    let rate = Schedule.cosine(from: 0.2, over: 10)
    let (stepped, byHand) = (TinyTask.network(), TinyTask.network())
    var step = TinyTask.step(
      stepped, optimizer: TinyTask.optimizer(deflating: deflating, rate: rate))
    var optimizer = TinyTask.optimizer(deflating: deflating, rate: rate)
    for index in [0, 1, 7] {
      let batch = TinyTask.batch(seed: UInt64(index))
      let report = try step(batch, index: index)

      var pass = ForwardPass(.training)
      let logits = byHand(TinyTask.encoder(batch.images, &pass), &pass)
      let loss = TinyTask.objective(logits, batch.labels)
      let gradients = loss.gradients(of: byHand.parameters)
      optimizer.update(byHand.parameters, with: gradients, step: index)

      #expect(stepped.weights.isIdentical(to: byHand.weights), "step \(index)")
      #expect(step.optimizer.state.isIdentical(to: optimizer.state), "step \(index)")
      let predictions = logits.detached().mean(along: [0]).argmax(along: 1).scalars(of: Int.self)
      let labels = batch.labels.scalars(of: Int.self)
      #expect(
        report
          == StepReport(
            loss: loss.item(), correct: zip(predictions, labels).count { $0 == $1 }, count: 6,
            spikeRate: pass.spikeRate, layerRates: pass.activity.map(\.rate)))
    }
    #expect(!stepped.weights.isIdentical(to: TinyTask.network().weights), "nothing was trained")
  }

  /// Catches a setting that is stored and never used, and coding noise that the seed and the step do not fix.
  @Test(arguments: BatchStatistics.allCases, Unrolling.allCases)
  func `batch statistics, unrolling and coding noise are those asked for`(
    statistics: BatchStatistics, unrolling: Unrolling
  ) throws {
    guard unrolling == .allSteps || statistics == .eachStep else { return }
    func network() throws -> VGG {
      try VGG(
        VGGConfiguration(
          .vgg5, classes: TinyTask.classes, channels: 1, imageSize: 8, width: 1.0 / 8,
          head: .compact, neuron: LIF(temporalGradient: .withinStep)),
        using: Generator(seed: 1))
    }
    let encoder = PoissonEncoding(steps: 3)
    let (stepped, byHand) = (try network(), try network())
    let attack = FGSM(epsilon: 0.1)
    var step = TrainingStep(
      network: stepped, encoder: encoder, exposure: .adversarial(attack),
      objective: TinyTask.objective, batchStatistics: statistics, unrolling: unrolling,
      optimizer: TinyTask.optimizer(), seed: 12)
    var optimizer = TinyTask.optimizer()
    for index in [3, 4] {
      let batch = TinyTask.batch()
      let report = try step(batch, index: index)

      let randomness = StepRandomness(seed: 12, step: index)
      let classifier = byHand.classifier(
        encoder, using: randomness.generator(.attackedCoding))
      let images = try attack(
        batch.images, labels: batch.labels, against: classifier, using: Generator(seed: 0))
      var pass = ForwardPass(
        .training, batchStatistics: statistics, using: randomness.generator(.coding))
      let result = byHand.lossGradients(
        of: TinyTask.objective, on: images, labels: batch.labels, encoder: encoder, &pass,
        unrolling: unrolling)
      optimizer.update(byHand.parameters, with: result.gradients, step: index)
      #expect(report.loss == result.loss.item())
      #expect(stepped.weights.isIdentical(to: byHand.weights), "step \(index)")
    }
  }

  /// Streams that coincide would make an attack's start the coding's noise.
  @Test func `every step and purpose has random numbers of its own`() {
    let purposes: [StepRandomness.Purpose] = [.presentation, .attackedCoding, .coding, .placement]
    var draws: Set<[Float]> = []
    for step in 0..<50 {
      for purpose in purposes {
        let generator = StepRandomness(seed: 3, step: step).generator(purpose)
        draws.insert(Tensor.uniform([4], using: generator).scalars(of: Float.self))
      }
    }
    #expect(draws.count == 200)
  }

  @Test func `a loss that is no number throws and changes nothing`() throws {
    let network = TinyTask.network()
    var step = TinyTask.step(network)
    _ = try step(TinyTask.batch(), index: 0)
    withoutGradients { network.parameters["classifier.1.bias"]!.addInPlace(Tensor(Float.infinity)) }
    let before = (network.weights.copies(), step.optimizer.state)
    let error = #expect(throws: TrainingError.self) { try step(TinyTask.batch(), index: 41) }
    guard case .diverged(let loss, step: 41) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(!loss.isFinite)
    // Running statistics too: the forward pass had moved them.
    #expect(network.weights.isIdentical(to: before.0))
    #expect(step.optimizer.state.isIdentical(to: before.1))
  }

  /// A neuron whose input is NaN is silent, so the loss stays finite: only the gradient shows it.
  @Test func `a gradient that is no number throws and changes nothing`() throws {
    let network = TinyTask.network()
    var step = TinyTask.step(network)
    withoutGradients { network.parameters["layer1.0.weight"]!.multiplyInPlace(by: .nan) }
    let before = network.weights.copies()
    let error = #expect(throws: TrainingError.self) { try step(TinyTask.batch(), index: 3) }
    guard case .gradientNotFinite(_, step: 3) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(step.optimizer.state.isEmpty)
    for (name, tensor) in before where name != "layer1.0.weight" {
      #expect(network.weights[name]!.isIdentical(to: tensor), "\(name)")
    }
  }

  @Test func `error texts say what happened and what to do`() {
    let remedy = "Lower the learning rate"
    #expect(
      TrainingError.diverged(loss: .infinity, step: 7).description
        == "the loss became inf at step 7; the weights are those of the step before. " + remedy)
    #expect(
      TrainingError.gradientNotFinite(name: "layer1.0.weight", step: 7).description
        == "the gradient of 'layer1.0.weight' became infinite or NaN at step 7; the weights are "
        + "those of the step before. " + remedy)
    #expect(
      TrainingError.weightsNotFinite(name: "layer1.0.weight", step: 7).description
        == "'layer1.0.weight' became infinite or NaN in step 7; no checkpoint is written of it. "
        + remedy)
  }
}
