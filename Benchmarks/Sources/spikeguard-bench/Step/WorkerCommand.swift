import ArgumentParser
import Foundation
import Optimization
import Torch

/// Spikeguard's side: the same questions and answers as the peers'.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Our side of the cases against peers, on request.",
    shouldDisplay: false)

  enum Deflation: String, CaseIterable, ExpressibleByArgument { case none, fast, svd }

  @Option var weights: String
  @Option var batch: String
  @Option var deflation = Deflation.none
  @Option var threads: Int?
  /// Without it memory is kept, as the command line does.
  @Flag var returnMemory = false
  /// The release's training step: statistics of each step, gradients within a step, its loss.
  @Flag var released = false
  @OptionGroup var setting: StepSetting

  func run() throws {
    Engine.onOutOfMemory = {
      say("{\"error\": \"out of memory in \($0.operation)\"}")
      _exit(1)
    }
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
