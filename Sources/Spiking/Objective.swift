import Torch

/// A training loss over logits in time.
public protocol Objective: Sendable {
  /// Logits `[T, B, classes]`, int64 labels `[B]` → scalar.
  func callAsFunction(_ logits: Tensor, _ labels: Tensor) -> Tensor
  /// Whether it is the mean over t of a loss of step t's logits alone:
  ///
  ///     L(o, y) = (1/T) Σ L(o[t], y)
  ///
  /// Only then can each step be differentiated before the next one is computed
  /// (``Unrolling/stepByStep``). A loss on logits averaged over time is no such mean.
  var isMeanOverSteps: Bool { get }
}

extension Objective {
  /// Not, unless an objective says so.
  public var isMeanOverSteps: Bool { false }
}

/// Cross-entropy at every time step, averaged, with an optional pull of the logits towards 1:
///
///     (1 − λ) · mean over t and b of CE(o[t, b], y[b])  +  λ · mean over t, b, k of (o[t, b, k] − 1)²
///
/// λ = 0 is plain. λ = 0.05 is what the authors' release trains with (temporal efficient training, Deng et
/// al. 2022, eq. 10, with the threshold 1 as the target); the paper does not mention it.
public struct PerStepCrossEntropy: Objective, Equatable {
  public let meanSquareWeight: Double
  /// Both terms are.
  public var isMeanOverSteps: Bool { true }

  /// - Precondition: λ lies in 0 ... 1.
  public init(meanSquareWeight: Double = 0) {
    precondition(
      (0...1).contains(meanSquareWeight),
      "the weight of the mean-square term must be in 0...1, got \(meanSquareWeight)")
    self.meanSquareWeight = meanSquareWeight
  }

  public func callAsFunction(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    let steps = logits.size(0)
    let crossEntropy = logits.flattened(from: 0, to: 1).crossEntropy(labels.tiled([steps]))
    guard meanSquareWeight > 0 else { return crossEntropy }
    let pull = (logits - 1).squared().mean()
    return crossEntropy * (1 - meanSquareWeight) + pull * meanSquareWeight
  }
}
