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
  /// - Throws: ``TrainingError`` when the loss or a gradient is not finite, or the attack's error. Weights and
  ///   running statistics are then as they were.
  public mutating func callAsFunction(_ batch: Batch, index: Int) throws -> StepReport {
    let images = try exposure.images(
      for: batch, against: network.classifier(encoder), stepIndex: index)
    // The forward pass moves running statistics before anyone can see that the loss is no number.
    let statistics = network.buffers.map { $0.copied() }
    var pass = ForwardPass(.training)
    let result = network.lossGradients(
      of: objective, on: images, labels: batch.labels, encoder: encoder, &pass)
    let value = result.loss.item()
    guard value.isFinite else {
      restore(statistics)
      throw TrainingError.diverged(loss: value, step: index)
    }
    let gradients = result.gradients
    if let name = gradients.firstNotFinite {
      restore(statistics)
      throw TrainingError.gradientNotFinite(name: name, step: index)
    }
    optimizer.update(network.parameters, with: gradients, step: index)
    let predictions = result.logits.mean(along: [0]).argmax(along: 1)
    return StepReport(
      loss: value, correct: Int((predictions .== batch.labels).sum().item()),
      count: batch.labels.count, spikeRate: pass.spikeRate,
      layerRates: pass.activity.map(\.rate))
  }

  private func restore(_ statistics: NamedTensors) {
    let buffers = network.buffers
    withoutGradients {
      for (name, value) in statistics { buffers[name]!.copyInPlace(from: value) }
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
public struct StepReport: Codable, Sendable, Equatable {
  public let loss: Double
  /// How many images of the batch were classified correctly before the update.
  public let correct: Int
  public let count: Int
  /// Spikes for each neuron and time step.
  public let spikeRate: Double
  /// The same for each layer of neurons.
  public let layerRates: [Double]
}
