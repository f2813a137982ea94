import Datasets
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// A workload in two ways: as a whole, and operation by operation with a clock at each seam.
///
/// The second way computes the same loss and gradients, on the tensors, layouts and spikes of the
/// real thing. Inputs are as cold as they are there, because nothing is repeated before all others
/// had their turn.
final class DissectedWorkload {
  let workload: Workload
  let network: VGG
  let operations: [NetworkOperation]
  let images: Tensor
  let encoder: any Encoder
  var step: TrainingStep
  var stepIndex = 0
  var ledger = OperationLedger()
  private let setting: StepSetting
  let labels: Tensor

  init(_ workload: Workload, _ setting: StepSetting) throws {
    (self.workload, self.setting) = (workload, setting)
    encoder = setting.encoder
    network = try setting.network()
    network.adoptStatistics(setting)
    let generator = Generator(seed: 2)
    labels = (Tensor.uniform([setting.batchSize], using: generator) * 10).converted(to: .int64)
    images = Tensor.uniform(
      [setting.batchSize, setting.channels, setting.size, setting.size], using: generator)
    operations = network.operations(workload, labels: labels)
    step = TrainingStep(
      network: network, encoder: setting.encoder, objective: PerStepCrossEntropy(),
      // At rate 0 the weights stay, so that every round does the same.
      optimizer: Optimizer([Momentum(setting.momentum), LearningRate(0)]))
  }

  func measure(rounds: Int, against ceilings: Ceilings) throws -> RooflineAnalysis {
    let (whole0, apart0) = (try runWhole(), try runApart())
    let agreement = try Agreement(
      "\(workload.result) taken apart, against the whole, relative",
      error: whole0.largestDifference(from: apart0) / whole0.largestMagnitude, tolerance: 1e-5)
    if workload.differentiates {
      ledger.startRound()
      try checkGradients(try walkBackward(walkForward().links))
    }
    var whole = Samples()
    for round in 0...rounds {
      let seconds = try ContinuousClock().measure { _ = try runWhole() } / .seconds(1)
      _ = try runApart()
      // The first round is for warming up.
      if round == 0 { ledger.forgetTimes() } else { whole.seconds.append(seconds) }
    }
    return RooflineAnalysis(
      workload: workload, setting: setting.description, threads: Engine.threads,
      spikeRate: spikeRate, agreement: agreement, whole: whole, rows: ledger.rows,
      ceilings: ceilings)
  }

  private var spikeRate: Double {
    var pass = ForwardPass(workload.mode)
    _ = withoutGradients { network(encoder(images, &pass), &pass) }
    return pass.spikeRate
  }

  /// The workload as its users call it. Returns the loss, or of an evaluation the logits, in one
  /// dimension.
  private func runWhole() throws -> Tensor {
    switch workload {
    case .training:
      let batch = Batch(
        images: images, labels: labels, indices: Array(0..<setting.batchSize), epoch: 0, index: 0)
      defer { stepIndex += 1 }
      return Tensor([Float(try step(batch, index: stepIndex).loss)])
    case .evaluation:
      return withoutGradients { network.classifier(setting.encoder)(images).flattened() }
    case .attackGradient:
      let input = images.requiringGradient()
      let loss = network.classifier(setting.encoder)(input).crossEntropy(labels, reduction: .sum)
      _ = loss.gradients(of: [input])
      return loss.detached().reshaped([1])
    }
  }

  private func runApart() throws -> Tensor {
    ledger.startRound()
    guard workload.differentiates else {
      return withoutGradients { walkForward().result.flattened() }
    }
    let (result, links) = walkForward()
    let gradients = try walkBackward(links).ofParameters
    if workload == .training { update(with: gradients) }
    return result
  }

  /// - Throws: ``Disagreement`` unless the gradients taken apart are those of the whole.
  func checkGradients(_ apart: (ofImages: Tensor, ofParameters: [Tensor])) throws {
    let error: Double
    if workload == .training {
      var pass = ForwardPass(.training)
      let whole = network.lossGradients(
        of: step.objective, on: images, labels: labels, encoder: encoder, &pass
      ).gradients
      error = NamedTensors(zip(whole.names, apart.ofParameters))
        .largestRelativeDifference(from: whole)
    } else {
      let input = images.requiringGradient()
      let whole = network.classifier(setting.encoder)(input).crossEntropy(labels, reduction: .sum)
        .gradients(of: [input])[0]
      error = apart.ofImages.largestDifference(from: whole) / whole.largestMagnitude
    }
    _ = try Agreement("gradients taken apart, against the whole", error: error, tolerance: 1e-3)
  }
}
