import Datasets
import Foundation
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// Our worker's answers.
struct WorkerSide {
  let setting: StepSetting
  let released: Bool
  let deflates: Bool
  let weights: NamedTensors
  let batch: Batch
  private var step: TrainingStep
  private var done = 0

  init(_ command: WorkerCommand) throws {
    setting = command.setting
    released = command.released
    deflates = command.deflation != .none
    weights = try Safetensors.read(from: command.weights).tensors
    let file = try Safetensors.read(from: command.batch).tensors
    let labels = file["labels"]!
    batch = Batch(
      images: file["images"]!, labels: labels, indices: Array(0..<labels.count), epoch: 0, index: 0)
    let network = try setting.network(neuron: Self.neuron(released))
    try network.load(weights)
    step = TrainingStep(
      network: network, encoder: setting.encoder, objective: Self.objective(released),
      batchStatistics: released ? .eachStep : .allSteps, optimizer: command.optimizer)
  }

  static func neuron(_ released: Bool) -> LIF {
    LIF(temporalGradient: released ? .withinStep : .throughTime)
  }

  static func objective(_ released: Bool) -> PerStepCrossEntropy {
    PerStepCrossEntropy(meanSquareWeight: released ? 0.05 : 0)
  }

  mutating func answer(_ request: WorkerRequest) throws -> WorkerAnswer {
    switch request.run {
    case "describe": return WorkerAnswer(threads: Engine.threads)
    case "step": return try steps(request.count ?? 1)
    case "gradients": return try gradients(request)
    case "evaluate": return try evaluate(request)
    case "pgd": return try pgd(request)
    case "product": return try curvature().products(request)
    case "eigenvalues": return try curvature().eigenvalues(request)
    case "quit": return WorkerAnswer()
    default: return WorkerAnswer(error: "unknown run '\(request.run)'")
    }
  }

  private mutating func steps(_ count: Int) throws -> WorkerAnswer {
    var answer = WorkerAnswer(seconds: [], losses: [])
    for _ in 0..<count {
      var report: StepReport?
      let elapsed = try ContinuousClock().measure { report = try step(batch, index: done) }
      done += 1
      answer.seconds!.append(elapsed / .seconds(1))
      answer.losses!.append(report!.loss)
    }
    return answer
  }

  private func curvature() -> CurvatureSide {
    CurvatureSide(setting: setting, weights: weights, batch: batch)
  }

}

extension Batch {
  /// The first images and their labels; all if no number is given.
  func first(_ count: Int?) -> (images: Tensor, labels: Tensor) {
    guard let count, count < labels.count else { return (images, labels) }
    return (images[0..<count], labels[0..<count])
  }
}

extension Module {
  /// Gives parameters and buffers another element type where they are, as PyTorch's `module.double()` does.
  func convertInPlace(to dtype: DType) throws {
    let setData = try Operator("aten::set_data")
    for (_, tensor) in weights {
      _ = try setData.results(tensor, tensor.detached().converted(to: dtype))
    }
  }
}
