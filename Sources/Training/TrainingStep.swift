import Datasets
import Layers
import Optimization
import Spiking
import Torch

/// One optimisation step. Everything the papers vary is a stored property; nothing is a flag.
public struct TrainingStep {
  public let network: any SpikingNetwork
  public let encoder: any Encoder
  /// What the network is shown in place of the batch: clean or adversarial images.
  public let exposure: Exposure
  public let objective: any Objective
  /// A chain of transforms; its order is its meaning.
  public var optimizer: Optimizer

  public init(
    network: any SpikingNetwork, encoder: any Encoder, exposure: Exposure = .clean,
    objective: any Objective, optimizer: Optimizer
  ) {
    self.network = network
    self.encoder = encoder
    self.exposure = exposure
    self.objective = objective
    self.optimizer = optimizer
  }

  /// - Parameter index: how many steps came before this one, over all epochs; schedules depend on it.
  /// - Throws: ``TrainingError`` when the loss is not finite (nothing is updated then), or the attack's error.
  public mutating func callAsFunction(_ batch: Batch, index: Int) throws -> StepReport {
    let images = try exposure.images(
      for: batch, against: network.classifier(encoder), stepIndex: index)
    var pass = ForwardPass(.training)
    let logits = network(encoder(images), &pass)
    let loss = objective(logits, batch.labels)
    let value = loss.item()
    guard value.isFinite else { throw TrainingError.diverged(loss: value, step: index) }
    let gradients = loss.gradients(of: network.parameters)
    optimizer.update(network.parameters, with: gradients, step: index)
    let predictions = logits.detached().mean(along: [0]).argmax(along: 1)
    return StepReport(
      loss: value, correct: Int((predictions .== batch.labels).sum().item()),
      count: batch.labels.count, spikeRate: pass.spikeRate)
  }
}

/// What one step did.
public struct StepReport: Sendable, Equatable {
  public let loss: Double
  /// How many images of the batch were classified correctly before the update.
  public let correct: Int
  public let count: Int
  /// Spikes for each neuron and time step.
  public let spikeRate: Double
}

/// A training run that cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case diverged(loss: Double, step: Int)

  public var description: String {
    switch self {
    case .diverged(let loss, let step):
      "the loss became \(loss) at step \(step); the weights are those of the step before. "
        + "Lower the learning rate, or go on from the last checkpoint"
    }
  }
}
