public import Torch

/// What an attack asked of the classifier. Values, never prints: the caller decides what is worth showing.
public struct AttackReport: Codable, Equatable, Sendable {
  /// One evaluation of the input gradient.
  public struct GradientEvaluation: Codable, Equatable, Sendable {
    /// Images that it was taken at.
    public internal(set) var images: Int
    /// Images whose gradient was zero in every pixel: an L∞ or L2 step leaves them where they are. Many of
    /// them are a symptom of saturated logits or dead neurons, not of robustness.
    public internal(set) var zeroGradients: Int
  }

  /// Forward passes, those with a gradient included.
  public internal(set) var classifierCalls = 0
  /// Images put through the classifier, summed over the calls.
  public internal(set) var imagesClassified = 0
  /// In the order taken: all iterations of the first run, then those of each restart.
  public internal(set) var gradientEvaluations: [GradientEvaluation] = []

  public init() {}

  /// Gradient evaluations of a batch: for FGSM 1, for PGD steps × runs at most.
  public var iterations: Int { gradientEvaluations.count }
  /// Images without a gradient at the first iteration.
  public var zeroGradientsAtStart: Int { gradientEvaluations.first?.zeroGradients ?? 0 }

  /// Adds what another batch asked, iteration by iteration.
  mutating func add(_ other: AttackReport) {
    classifierCalls += other.classifierCalls
    imagesClassified += other.imagesClassified
    for (index, evaluation) in other.gradientEvaluations.enumerated() {
      if index < gradientEvaluations.count {
        gradientEvaluations[index].images += evaluation.images
        gradientEvaluations[index].zeroGradients += evaluation.zeroGradients
      } else {
        gradientEvaluations.append(evaluation)
      }
    }
  }
}

/// Adversarial images and what it took to find them.
public struct AttackResult: Sendable {
  /// Of the images' shape and type: finite, in [0, 1], within ε. Checked.
  public let adversarial: Tensor
  public let report: AttackReport
}
