import Datasets
import Optimization
import Spiking
import Training

/// A training run as options say it.
public struct TrainingRecipe: Codable, Sendable, Equatable {
  public enum Deflation: String, Codable, Sendable, CaseIterable {
    /// No deflation: plain training.
    case none
    /// Leading singular triple by the fast solver, the full decomposition where its bound is not met.
    case fast
    /// Leading singular triple by the full decomposition.
    case svd
  }

  public var epochs = 2
  public var batchSize = 128
  public var learningRate = 0.1
  public var momentum = 0.9
  public var weightDecay = 5e-4
  public var deflation = Deflation.none
  /// λ of the mean-square term in the objective; the release trains with 0.05.
  public var meanSquareWeight = 0.0
  /// Random crop with this zero padding, then random flip; nil for none.
  public var cropPadding: Int? = 2
  public var flips = true
  public var seed: UInt64 = 0

  public init() {}

  /// - Parameter imageSize: height and width of the images.
  /// - Throws: ``UsageError`` that names the option and what it takes.
  func check(imageSize: Int) throws(UsageError) {
    func require(_ holds: Bool, _ option: String, _ expected: String, _ found: Any)
      throws(UsageError)
    {
      if !holds { throw UsageError("--\(option): expected \(expected), found \(found)") }
    }
    let rate = learningRate
    let mean = meanSquareWeight
    let decay = weightDecay
    let padding = cropPadding ?? 0
    try require((1...1_000_000).contains(epochs), "epochs", "1 to 1000000", epochs)
    try require(batchSize >= 1, "batch-size", "at least 1", batchSize)
    try require(rate > 0 && rate <= 1000, "learning-rate", "above 0, at most 1000", rate)
    try require(momentum >= 0 && momentum < 1, "momentum", "at least 0, below 1", momentum)
    try require(decay >= 0 && decay <= 1000, "weight-decay", "0 to 1000", decay)
    try require(mean >= 0 && mean <= 1, "mean-square-weight", "0 to 1", mean)
    try require((0...imageSize).contains(padding), "crop", "0 to \(imageSize)", padding)
  }

  var augmentations: [Augmentation] {
    (cropPadding.map { [.randomCrop(padding: $0)] } ?? []) + (flips ? [.randomFlip] : [])
  }

  /// One step of this recipe.
  func step(
    network: any SpikingNetwork, encoder: some Encoder, optimizer: Optimizer
  ) -> TrainingStep {
    TrainingStep(
      network: network, encoder: encoder,
      objective: PerStepCrossEntropy(meanSquareWeight: meanSquareWeight), optimizer: optimizer)
  }

  /// The chain, in the order in which a gradient passes it: deflate → decay → momentum → rate.
  func optimizer(stepsInAll: Int) -> Optimizer {
    let rate = Schedule.cosine(from: learningRate, over: stepsInAll)
    switch deflation {
    case .none:
      return Optimizer {
        WeightDecay(weightDecay)
        Momentum(momentum)
        LearningRate(rate)
      }
    case .fast, .svd:
      return Optimizer {
        DominantSingularDeflation(solver: deflation == .svd ? .svd : .fast)
        WeightDecay(weightDecay)
        Momentum(momentum)
        LearningRate(rate)
      }
    }
  }
}

extension RunningRecipe {
  /// - Throws: ``UsageError`` that names the option and what it takes.
  func check() throws(UsageError) {
    func require(_ value: Int?, _ option: String) throws(UsageError) {
      guard let value, value < 1 else { return }
      throw UsageError("--\(option): expected at least 1, found \(value)")
    }
    try require(checkpointEvery, "checkpoint-every")
    try require(evaluateEvery, "evaluate-every")
    try require(workers, "workers")
  }
}
