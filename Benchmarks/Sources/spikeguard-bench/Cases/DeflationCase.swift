import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// The fast solver for the leading singular triple against the full decomposition, on a VGG-11's gradients.
enum DeflationCase: BenchmarkCase {
  static let name = "deflation"
  static let abstract = "Deflation by the fast solver against full SVD, on VGG-11's gradients."

  static func run(_ session: inout Session) throws {
    let rounds = session.rounds(5, quick: 3)
    let sequence = try GradientSequence.vgg11(batch: 32, count: rounds + 1)
    let matrices = sequence.last!.filter { sequence.last![$0]!.rank >= 2 }
    say(
      "\nDeflation: gradients of \(sequence.count) training steps of a VGG-11 (width 1, "
        + "3 × 32 × 32, T = 4, batch 32, random images); warm starts from the step before")
    var rows = [DeflationLayer.header]
    for (name, last) in matrices {
      let layer = try DeflationLayer(name, last)
      let comparison = try compare(
        "Deflation of \(name)", sequence.map { $0.filter { $0 == name } }, layer.agreements, rounds)
      session.record.comparisons.append(comparison)
      rows.append(layer.row(comparison))
    }
    for line in aligned(rows) { say("  " + line) }
    say(
      "  Medians. error: ‖D − D₆₄‖/‖D₆₄‖ with D₆₄ from LAPACK in float64, allowed 1e-4 where "
        + "σ₁/σ₂ ≥ 1.01;\n  excess: ‖D‖₂/σ₂ − 1, allowed 1e-3.")
    session.publish(
      try compare(
        "Deflation of all gradients of one step, \(matrices.count) matrices", sequence,
        try DeflationLayer.agreements(of: matrices), rounds))
  }

  private static func compare(
    _ title: String, _ sequence: [NamedTensors], _ agreements: [Agreement], _ rounds: Int
  ) throws -> Comparison {
    var warm = DominantSingularDeflation(solver: .fast)
    return try Comparison.measure(
      title, .milliseconds, agreements,
      [
        contestant("fast solver, warm start", sequence) { warm.apply(to: &$0, at: [:], step: 0) },
        contestant("fast solver, cold start", sequence) {
          var cold = DominantSingularDeflation(solver: .fast)
          cold.apply(to: &$0, at: [:], step: 0)
        },
        contestant("full SVD", sequence) {
          var full = DominantSingularDeflation(solver: .svd)
          full.apply(to: &$0, at: [:], step: 0)
        },
      ], rounds: rounds)
  }

  /// Each round takes the gradients of the next training step.
  private static func contestant(
    _ name: String, _ sequence: [NamedTensors], apply: @escaping (inout NamedTensors) -> Void
  ) -> Contestant {
    var step = 0
    return Contestant(name) {
      var gradients = sequence[step % sequence.count]
      step += 1
      return ContinuousClock().measure { apply(&gradients) } / .seconds(1)
    }
  }
}

/// Gradients as they come in training: step after step, each from another batch.
enum GradientSequence {
  static func vgg11(batch: Int, count: Int) throws -> [NamedTensors] {
    let configuration = VGGConfiguration(.vgg11, classes: 10, channels: 3, imageSize: 32)
    let network = try VGG(configuration, using: Generator(seed: 1))
    let generator = Generator(seed: 2)
    let encoder = DirectEncoding(steps: 4)
    var optimizer = Optimizer {
      DominantSingularDeflation()
      Momentum(0.9)
      LearningRate(0.01)
    }
    return (0..<count).map { step in
      let images = Tensor.uniform([batch, 3, 32, 32], using: generator)
      let labels = (Tensor.uniform([batch], using: generator) * 10).converted(to: .int64)
      var pass = ForwardPass(.training)
      let loss = PerStepCrossEntropy()(network(encoder(images, &pass), &pass), labels)
      let gradients = loss.gradients(of: network.parameters)
      optimizer.update(network.parameters, with: gradients, step: step)
      return gradients
    }
  }
}
