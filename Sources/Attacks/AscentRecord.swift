import Torch

/// What one run of an ascent has come across, image by image.
struct AscentRecord {
  /// The iterate of highest loss, the loss there, and its gradient: `[B, ...]`, `[B]`, `[B, ...]`.
  private(set) var best: Tensor
  private(set) var bestLosses: Tensor
  private(set) var bestGradient: Tensor
  /// The latest iterate that fooled; where none did, the start.
  private var latestFooling: Tensor
  /// Whether any iterate fooled, `[B]`.
  private(set) var fooled: Tensor

  init(start: Tensor, _ answer: Victim.Answer) {
    best = start
    bestLosses = answer.losses
    bestGradient = answer.gradient
    latestFooling = start
    fooled = answer.fooled
  }

  mutating func add(_ points: Tensor, _ answer: Victim.Answer) {
    latestFooling = ThreatModel.rowwise(answer.fooled, points, latestFooling)
    fooled = fooled .| answer.fooled
    let better = answer.losses .> bestLosses
    best = ThreatModel.rowwise(better, points, best)
    bestGradient = ThreatModel.rowwise(better, answer.gradient, bestGradient)
    bestLosses = Tensor.select(better, answer.losses, bestLosses)
  }

  /// The latest fooling iterate; of an image that none fooled, the one of highest loss.
  var examples: Tensor { ThreatModel.rowwise(fooled, latestFooling, best) }
}
