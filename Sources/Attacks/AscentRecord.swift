import Torch

/// What one run of an ascent has come across, image by image.
///
/// Its rows are the images that are still in the run; ``outcome`` has them all.
struct AscentRecord {
  /// The iterate of highest loss, the loss there, and its gradient: `[B, ...]`, `[B]`, `[B, ...]`.
  private(set) var best: Tensor
  private(set) var bestLosses: Tensor
  private(set) var bestGradient: Tensor
  /// The iterate that fooled, the first or the latest; where none did, the start.
  private var fooling: Tensor
  /// Whether any iterate fooled, `[B]`.
  private var fooled: Tensor
  private let policy: FooledImages
  /// The images of the run that are in it still, int64 `[B]`; nil for all.
  private var places: Tensor?
  /// The outcome of those that have left, at their places.
  private var settled: Outcome?

  /// Of each image of a run.
  struct Outcome {
    /// The fooling iterate; of an image that none fooled, the one of highest loss.
    var examples: Tensor
    /// The highest loss that the run saw.
    var losses: Tensor
    var fooled: Tensor
  }

  init(start: Tensor, _ answer: Victim.Answer, fooledImages policy: FooledImages) {
    best = start
    bestLosses = answer.losses
    bestGradient = answer.gradient
    fooling = start
    fooled = answer.fooled
    self.policy = policy
  }

  mutating func add(_ points: Tensor, _ answer: Victim.Answer) {
    let news = policy == .goOn ? answer.fooled : answer.fooled .& .!fooled
    fooling = ThreatModel.rowwise(news, points, fooling)
    fooled = fooled .| answer.fooled
    let better = answer.losses .> bestLosses
    best = ThreatModel.rowwise(better, points, best)
    bestGradient = ThreatModel.rowwise(better, answer.gradient, bestGradient)
    bestLosses = Tensor.select(better, answer.losses, bestLosses)
  }

  /// Whether nothing is left to do.
  var isOver: Bool { policy != .goOn && fooled.allTrue() }

  /// Lets the fooled images go, if they may.
  ///
  /// - Returns: the rows that stay, int64; nil where all do.
  mutating func dropFooled() -> Tensor? {
    guard policy == .leave, fooled.anyTrue() else { return nil }
    settled = outcome
    let rows = (.!fooled).trueIndices()
    places = places?.gathering(rows) ?? rows
    best = best.gathering(rows)
    bestLosses = bestLosses.gathering(rows)
    bestGradient = bestGradient.gathering(rows)
    fooling = fooling.gathering(rows)
    fooled = fooled.gathering(rows)
    return rows
  }

  /// What the run has for all its images.
  var outcome: Outcome {
    let examples = ThreatModel.rowwise(fooled, fooling, best)
    guard let places, let settled else {
      return Outcome(examples: examples, losses: bestLosses, fooled: fooled)
    }
    return Outcome(
      examples: settled.examples.replacing(places, with: examples),
      losses: settled.losses.replacing(places, with: bestLosses),
      fooled: settled.fooled.replacing(places, with: fooled))
  }
}
