import Datasets
import Layers
import Optimization
import Spiking
import Torch

/// One optimisation step. Everything the papers vary is a stored property; nothing is a flag.
///
/// The order of things: show, simulate, score, differentiate, climb (sharpness-aware training only, and then
/// simulate, score and differentiate again), rewrite the gradient by the optimiser's chain, update.
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
  /// With a step's index it fixes all random numbers of the step.
  public let seed: UInt64
  /// A chain of transforms; its order is its meaning.
  public var optimizer: Optimizer
  /// Watches the run, if it is to be watched.
  public var monitor: CollapseMonitor?

  public init(
    network: any SpikingNetwork, encoder: any Encoder, exposure: Exposure = .clean,
    objective: any Objective, batchStatistics: BatchStatistics = .allSteps,
    unrolling: Unrolling = .allSteps, optimizer: Optimizer, monitor: CollapseMonitor? = nil,
    seed: UInt64 = 0
  ) {
    self.network = network
    self.encoder = encoder
    self.exposure = exposure
    self.objective = objective
    self.batchStatistics = batchStatistics
    self.unrolling = unrolling
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
    var pass = ForwardPass(
      .training, startingFrom: leftBy, batchStatistics: batchStatistics,
      using: randomness.generator(.coding))
    let result = network.lossGradients(
      of: objective, on: images, labels: batch.labels, encoder: encoder, &pass,
      unrolling: unrolling)
    let value = result.loss.item()
    let predictions = result.logits.mean(along: [0]).argmax(along: 1)
    let correct = Int((predictions .== batch.labels).sum().item())
    guard value.isFinite else {
      watch(batch, index, result, loss: value, correct, isForeign, statistics)
      network.restore(statistics)
      throw TrainingError.diverged(loss: value, step: index)
    }
    let gradients = result.gradients
    if let name = gradients.firstNotFinite {
      network.restore(statistics)
      throw TrainingError.gradientNotFinite(name: name, step: index)
    }
    optimizer.update(network.parameters, with: gradients, step: index)
    let collapse = watch(batch, index, result, loss: value, correct, isForeign, statistics)
    return StepReport(
      loss: value, correct: correct, count: batch.labels.count, spikeRate: pass.spikeRate,
      isForeign: isForeign, collapse: collapse)
  }

  /// Tells the monitor of the step.
  @discardableResult
  private mutating func watch(
    _ batch: Batch, _ index: Int, _ result: LossGradients, loss: Double, _ correct: Int,
    _ isForeign: Bool, _ statistics: NamedTensors
  ) -> CollapseReport? {
    guard monitor != nil else { return nil }
    let observation = StepObservation(
      step: index, loss: loss, accuracy: Double(correct) / Double(batch.labels.count),
      images: batch.labels.count, classes: result.logits.size(2), isForeign: isForeign,
      leadingShares: loss.isFinite ? leadingShares(result.gradients, index, isForeign) : [],
      drift: BatchNormDrift.measured(from: statistics, to: network.buffers))
    return monitor?.observe(observation)
  }

  /// From deflation, which has them, or measured where the monitor wants them.
  private func leadingShares(_ gradients: NamedTensors, _ index: Int, _ isForeign: Bool)
    -> [LeadingShare]
  {
    if let deflation = optimizer.first(DominantSingularDeflation.self) {
      return LeadingShare.shares(in: deflation.report)
    }
    let wanted = monitor?.wantsLeadingShares(at: index, isForeign: isForeign) ?? false
    return wanted ? LeadingShare.measured(of: gradients) : []
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

extension NamedTensors {
  /// The first tensor that holds NaN or infinity; the numbers are read in one go.
  var firstNotFinite: String? {
    guard !isEmpty else { return nil }
    return withoutGradients {
      let largest = Tensor.stacking(tensors.map { $0.norm(.infinity) })
      guard !largest.isFinite().allTrue() else { return nil }
      return zip(names, largest.scalars(of: Double.self)).first { !$1.isFinite }?.0
    }
  }
}

/// What one step did.
public struct StepReport: Sendable, Equatable {
  /// Of the images that were shown, before the update.
  public let loss: Double
  /// How many of them were classified correctly.
  public let correct: Int
  public let count: Int
  /// Spikes for each neuron and time step.
  public let spikeRate: Double
  /// Whether the batch was a foreign one (``ForeignSchedule``).
  public let isForeign: Bool
  /// A collapse that was noticed at this step; nil without a monitor, too.
  public let collapse: CollapseReport?

  public init(
    loss: Double, correct: Int, count: Int, spikeRate: Double, isForeign: Bool = false,
    collapse: CollapseReport? = nil
  ) {
    self.loss = loss
    self.correct = correct
    self.count = count
    self.spikeRate = spikeRate
    self.isForeign = isForeign
    self.collapse = collapse
  }
}
