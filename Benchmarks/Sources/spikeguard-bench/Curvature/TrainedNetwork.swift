import Datasets
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// A network after a little training, and the batch on which its curvature is measured.
///
/// Of fresh weights the spectrum says little: spikes may have died out, and no direction stands out.
struct TrainedNetwork {
  private let setting: StepSetting
  private let network: VGG
  private let images: Tensor
  private let labels: Tensor
  /// On new pictures, in evaluation mode.
  let accuracy: Double
  /// Of the measured batch.
  let loss: Double
  /// Spikes for each neuron and step of each layer, on the measured batch.
  let rates: [Double]
  /// The share of each layer's neurons whose output differs from the step before.
  let changes: [Double]

  init(_ setting: StepSetting, trainingSteps: Int) throws {
    self.setting = setting
    network = try setting.network()
    let pictures = Pictures(channels: setting.channels, size: setting.size, seed: 3)
    let generator = Generator(seed: 4)
    var step = TrainingStep(
      network: network, encoder: setting.encoder, objective: PerStepCrossEntropy(),
      optimizer: Optimizer([Momentum(0.9), LearningRate(0.05)]))
    for index in 0..<trainingSteps {
      let (images, labels) = pictures.draw(32, using: generator)
      _ = try step(
        Batch(images: images, labels: labels, indices: Array(0..<32), epoch: 0, index: index),
        index: index)
    }
    let unseen = pictures.draw(128, using: generator)
    let answers = withoutGradients { [network] in
      network.classifier(setting.encoder)(unseen.images).argmax(along: 1)
    }
    accuracy = (answers .== unseen.labels).sum().item() / 128
    (images, labels) = pictures.draw(setting.batchSize, using: generator)
    var pass = ForwardPass(.evaluation)
    pass.trace = []
    let logits = withoutGradients { [network, images] in
      network(setting.encoder(images, &pass), &pass)
    }
    loss = logits.mean(along: [0]).crossEntropy(labels).item()
    rates = pass.activity.map(\.rate)
    changes = (pass.trace ?? []).map { trace in
      let spikes = trace.output.unfolded
      let steps = trace.output.steps
      return 1 - (spikes[1..<steps] .== spikes[0..<steps - 1]).converted(to: .float32).mean().item()
    }
  }

  func write(weights: String, batch: String) throws {
    try Safetensors.write(network.weights.map { $0.detached() }, to: weights)
    try Safetensors.write(["images": images, "labels": labels], to: batch)
  }

  /// Vectors of the parameters' space.
  func writeVectors(_ count: Int, to path: String) throws {
    let dimension = network.parameters.tensors.reduce(0) { $0 + $1.count }
    let vectors = Tensor.normal([count, dimension], using: Generator(seed: 5))
    try Safetensors.write(["vectors": vectors], to: path)
  }
}
