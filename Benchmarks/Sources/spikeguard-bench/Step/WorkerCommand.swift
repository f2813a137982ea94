import ArgumentParser
import Attacks
import Datasets
import Foundation
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// Spikeguard's side of the step: the same questions and answers as SpikingJelly's.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Training steps on request (for the case `step`).",
    shouldDisplay: false)

  enum Deflation: String, CaseIterable, ExpressibleByArgument { case none, fast, svd }

  @Option var weights: String
  @Option var batch: String
  @Option var deflation = Deflation.none
  @Option var threads: Int?
  /// Without it memory is kept, as the command line does.
  @Flag var returnMemory = false
  @OptionGroup var setting: StepSetting

  func run() throws {
    if !returnMemory { Engine.keepFreedMemory() }
    if let threads { Engine.threads = threads }
    var side = try WorkerSide(self)
    while let line = readLine() {
      let request = try JSONDecoder().decode(WorkerRequest.self, from: Data(line.utf8))
      var answer: WorkerAnswer
      do { answer = try side.answer(request) } catch { answer = WorkerAnswer(error: "\(error)") }
      print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
      fflush(nil)
      if request.run == "quit" { return }
    }
  }

  var optimizer: Optimizer {
    let chain: [any GradientTransform] = [Momentum(setting.momentum), LearningRate(setting.rate)]
    switch deflation {
    case .none: return Optimizer(chain)
    case .fast: return Optimizer([DominantSingularDeflation(solver: .fast)] + chain)
    case .svd: return Optimizer([DominantSingularDeflation(solver: .svd)] + chain)
    }
  }
}

private struct WorkerSide {
  private let setting: StepSetting
  private let weights: NamedTensors
  private let batch: Batch
  private var step: TrainingStep
  private var done = 0

  init(_ command: WorkerCommand) throws {
    setting = command.setting
    weights = try Safetensors.read(from: command.weights).tensors
    let file = try Safetensors.read(from: command.batch).tensors
    let labels = file["labels"]!
    batch = Batch(
      images: file["images"]!, labels: labels, indices: Array(0..<labels.count), epoch: 0, index: 0)
    let network = try setting.network()
    try network.load(weights)
    step = TrainingStep(
      network: network, encoder: setting.encoder, objective: PerStepCrossEntropy(),
      optimizer: command.optimizer)
  }

  mutating func answer(_ request: WorkerRequest) throws -> WorkerAnswer {
    switch request.run {
    case "describe": return WorkerAnswer(threads: Engine.threads)
    case "step": return try steps(request.count ?? 1)
    case "gradients": return try gradients(to: request.out!, request.dtype ?? "float32")
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

  /// PGD-10 as the peer runs it: α 2/255, ε 8/255, a random start unless one is given.
  private func pgd(_ request: WorkerRequest) throws -> WorkerAnswer {
    let type: DType = request.dtype == "float64" ? .float64 : .float32
    let network = try setting.network()
    try network.load(weights)
    try network.convertInPlace(to: type)
    let images = batch.images.converted(to: type)
    let classifier = network.classifier(setting.encoder)
    let attack = PGD(.linf(8 / 255), stepSize: 2 / 255, steps: 10)
    let start = try request.start.map { try Safetensors.read(from: $0).tensors["start"]! }
    var answer = WorkerAnswer(seconds: [])
    var adversarial = images
    for _ in 0..<(request.count ?? 1) {
      let elapsed = try ContinuousClock().measure {
        adversarial =
          if let start {
            try attack.run(
              images, labels: batch.labels, against: classifier, startingAt: start,
              using: Generator(seed: 0)
            ).adversarial
          } else {
            try attack(
              images, labels: batch.labels, against: classifier, using: Generator(seed: 0))
          }
      }
      answer.seconds!.append(elapsed / .seconds(1))
    }
    let right = withoutGradients { classifier(adversarial) }.argmax(along: 1) .== batch.labels
    answer.accuracy = right.sum().item() / Double(batch.labels.count)
    if let out = request.out { try Safetensors.write(["adversarial": adversarial], to: out) }
    return answer
  }

  private func curvature() -> CurvatureSide {
    CurvatureSide(setting: setting, weights: weights, batch: batch)
  }

  /// On a network of its own, as the pass moves running statistics.
  private func gradients(to path: String, _ dtype: String) throws -> WorkerAnswer {
    let type: DType = dtype == "float64" ? .float64 : .float32
    let network = try setting.network()
    try network.load(weights)
    try network.convertInPlace(to: type)
    var pass = ForwardPass(.training)
    let logits = network(setting.encoder(batch.images.converted(to: type), &pass), &pass)
    let loss = PerStepCrossEntropy()(logits, batch.labels)
    var results = loss.gradients(of: network.parameters, retainGraph: true).prefixed("grad.")
    results["logits"] = logits.detached()
    results["loss"] = loss.detached()
    try Safetensors.write(results, to: path)
    return WorkerAnswer(loss: loss.item())
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
