import Torch

/// APGD's step sizes, one for each image: halved at a checkpoint where progress has stalled.
///
/// With f the loss, the window of n steps that ends at the checkpoint, and ρ:
///
/// 1. f rose in at most ρ·n of the steps, or
/// 2. the size was not halved at the checkpoint before, and the best loss is what it was there.
///
/// Two habits of the authors' code are kept, because the published results have them. Condition 2 cannot hold at the
/// first checkpoint; and the very first step is compared with 0 instead of the loss at the start, which counts it as
/// a rise for cross-entropy and as a fall for a negative logit ratio. arXiv 2003.01690, section 3.2.
struct AdaptiveStepSize {
  /// `[B]`
  private(set) var sizes: Tensor
  private let schedule: CheckpointSchedule
  private let rho: Double
  private var rises: Tensor
  private var lossesBefore: Tensor
  private var bestAtCheckpoint: Tensor
  private var halvedAtCheckpoint: Tensor

  /// - Parameter losses: those at the start, `[B]`.
  init(_ size: Double, steps: Int, rho: Double, startLosses losses: Tensor, like images: Tensor) {
    sizes = Tensor.full(size, shape: losses.shape, dtype: images.dtype, device: images.device)
    schedule = CheckpointSchedule(steps: steps)
    self.rho = rho
    rises = Tensor.zeros(losses.shape, device: losses.device)
    lossesBefore = Tensor.zeros(like: losses)
    bestAtCheckpoint = losses
    halvedAtCheckpoint = losses .== losses
  }

  /// Goes on with some of the images, given by their rows: int64.
  mutating func keep(_ rows: Tensor) {
    sizes = sizes.gathering(rows)
    rises = rises.gathering(rows)
    lossesBefore = lossesBefore.gathering(rows)
    bestAtCheckpoint = bestAtCheckpoint.gathering(rows)
    halvedAtCheckpoint = halvedAtCheckpoint.gathering(rows)
  }

  /// Takes the losses after a step, counted from 1, and the best losses so far.
  ///
  /// - Returns: which images' sizes were halved, `[B]`; nil where no window ends.
  mutating func update(step: Int, losses: Tensor, best: Tensor) -> Tensor? {
    rises = rises + (losses .> lossesBefore).converted(to: rises.dtype)
    lossesBefore = losses
    guard let window = schedule.window(endingAt: step) else { return nil }
    let oscillates = rises .<= rho * Double(window)
    let stalls = .!halvedAtCheckpoint .& .!(best .> bestAtCheckpoint)
    let halved = oscillates .| stalls
    sizes = Tensor.select(halved, sizes * 0.5, sizes)
    rises = Tensor.zeros(like: rises)
    bestAtCheckpoint = best
    halvedAtCheckpoint = halved
    return halved
  }
}
