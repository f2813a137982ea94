/// What a stage asked of the classifier, over all its chunks.
public struct AttackCost: Codable, Equatable, Sendable {
  /// Forward passes of a batch, those with a gradient included.
  public private(set) var classifierCalls = 0
  /// Images put through the classifier, summed over the calls.
  public private(set) var imagesClassified = 0
  /// Input gradients taken, one for each image and iteration.
  public private(set) var gradients = 0
  /// How many of them were zero in every pixel.
  public private(set) var zeroGradients = 0
  /// Images without a gradient at the first iteration.
  public private(set) var zeroGradientsAtStart = 0

  public init() {}

  mutating func add(_ report: AttackReport) {
    classifierCalls += report.classifierCalls
    imagesClassified += report.imagesClassified
    gradients += report.gradientEvaluations.reduce(0) { $0 + $1.images }
    zeroGradients += report.gradientEvaluations.reduce(0) { $0 + $1.zeroGradients }
    zeroGradientsAtStart += report.zeroGradientsAtStart
  }
}
