import Datasets
import Layers
import Optimization
import Spiking
import Torch

/// One optimisation step. Everything the papers vary is a stored property; nothing is a flag.
///
/// The order of things: show, simulate, score, differentiate, (sharpness-aware training: climb, simulate, score,
/// differentiate again), rewrite the gradients by the optimiser's chain, update. `description` prints it.
public struct TrainingStep {
  public let network: any SpikingNetwork
  public let encoder: any Encoder
  /// What the network is shown in place of the batch.
  public let exposure: Exposure
  public let objective: any Objective
  /// Over which time steps batch norm gathers its statistics.
  public let batchStatistics: BatchStatistics
  /// Through which time steps the loss is differentiated.
  public let unrolling: Unrolling
  /// Descend the gradient at the end of a step uphill; nil for the gradient where the weights are.
  public let sharpness: SharpnessAwareAscent?
  /// With a step's index it fixes all random numbers of the step.
  public let seed: UInt64
  /// A chain of transforms; its order is its meaning.
  public var optimizer: Optimizer
  /// Watches the run, if it is to be watched.
  public var monitor: CollapseMonitor?
  /// Measures the first and every n-th step's gradients (``GradientSpectrum``); nil for none.
  public var spectrumInterval: Int?

  public init(
    network: any SpikingNetwork, encoder: any Encoder, exposure: Exposure = .clean,
    objective: any Objective, batchStatistics: BatchStatistics = .allSteps,
    unrolling: Unrolling = .allSteps, sharpness: SharpnessAwareAscent? = nil,
    optimizer: Optimizer, monitor: CollapseMonitor? = nil, seed: UInt64 = 0
  ) {
    self.network = network
    self.encoder = encoder
    self.exposure = exposure
    self.objective = objective
    self.batchStatistics = batchStatistics
    self.unrolling = unrolling
    self.sharpness = sharpness
    self.optimizer = optimizer
    self.monitor = monitor
    self.seed = seed
  }

  /// - Parameter index: how many steps came before this one, over all epochs; schedules depend on it.
  /// - Throws: ``TrainingError`` when the loss or a gradient is not finite, or the attack's error. Weights and
  ///   running statistics are then as they were.
  public mutating func callAsFunction(_ batch: Batch, index: Int) throws -> StepReport {
    let randomness = StepRandomness(seed: seed, step: index)
    let (presentation, isForeign) = exposure.presentation(at: index, seed: seed)
    let (images, leftBy) = try presentation.show(
      batch, to: network, encoder: encoder, randomness)
    // The forward pass moves running statistics before anyone can see that the loss is no number.
    let statistics = network.buffers.map { $0.copied() }
    var pass = pass(startingFrom: leftBy, randomness)
    let result = network.lossGradients(
      of: objective, on: images, labels: batch.labels, encoder: encoder, &pass,
      unrolling: unrolling)
    let value = result.loss.item()
    let predictions = result.logits.mean(along: [0]).argmax(along: 1)
    let correct = Int((predictions .== batch.labels).sum().item())
    guard value.isFinite else {
      let observation = observation(
        of: result, [:], on: batch, loss: value, correct, index, isForeign, statistics)
      if let observation { _ = monitor?.observe(observation) }
      network.restore(statistics)
      throw TrainingError.diverged(loss: value, step: index)
    }
    func checked(_ gradients: NamedTensors) throws -> NamedTensors {
      guard let name = gradients.firstNotFinite else { return gradients }
      network.restore(statistics)
      throw TrainingError.gradientNotFinite(name: name, step: index)
    }
    var gradients = try checked(result.gradients)
    if let sharpness {
      gradients = try checked(
        self.gradients(
          uphillBy: sharpness, of: gradients, on: images, labels: batch.labels,
          startingFrom: leftBy, randomness))
    }
    let spectrum =
      GradientSpectrum.isDue(at: index, every: spectrumInterval)
      ? GradientSpectrum(of: gradients) : nil
    optimizer.update(network.parameters, with: gradients, step: index)
    let observation = observation(
      of: result, gradients, on: batch, loss: value, correct, index, isForeign, statistics)
    let collapse = observation.flatMap { monitor?.observe($0) }
    return StepReport(
      loss: value, correct: correct, count: batch.labels.count, spikeRate: pass.spikeRate,
      layerRates: pass.activity.map(\.rate), isForeign: isForeign, collapse: collapse,
      spectrum: spectrum)
  }

  /// A new training pass; asking twice gives the same random numbers.
  func pass(startingFrom earlier: ForwardPass?, _ randomness: StepRandomness) -> ForwardPass {
    ForwardPass(
      .training, startingFrom: earlier, batchStatistics: batchStatistics,
      using: randomness.generator(.coding))
  }
}

extension TrainingStep: CustomStringConvertible {
  /// What is shown, and the way of the gradients in its order, as
  /// `clean | SharpnessAwareAscent(0.05, ball) → DominantSingularDeflation → LearningRate(0.1)`.
  public var description: String {
    "\(exposure) | " + (sharpness.map { "\($0) → " } ?? "") + "\(optimizer)"
  }
}

extension Module {
  /// Writes saved values of buffers or parameters back, bit for bit.
  func restore(_ saved: NamedTensors) {
    let own = weights
    withoutGradients {
      for (name, value) in saved { own[name]!.copyInPlace(from: value) }
    }
  }
}
