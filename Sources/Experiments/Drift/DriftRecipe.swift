import Datasets
import Spiking
import Training

/// How a trained network is shown a foreign batch, and what is measured of it.
public struct DriftRecipe: Codable, Sendable, Equatable {
  /// What the optimiser's moments are when the foreign batch comes.
  public enum Momentum: String, Codable, Sendable, CaseIterable {
    /// None: what moves the weights is the foreign batches' gradients alone.
    case zero
    /// Those of the checkpoint, as if the training went on; most of the step is then that of earlier batches.
    case checkpoint
  }

  public var kinds = DriftKind.allCases
  /// Training steps on batches of the kind, one after the other.
  public var foreignBatches = 1
  /// Of attacks.
  public var epsilon = 2.0 / 255
  /// Of Gaussian noise, in pixels.
  public var noiseDeviation = 0.1
  /// nil for the run's rate after its warm-up. A rate that has fallen to nothing at the end of a run would move no weight.
  public var learningRate: Double?
  public var momentum = Momentum.zero
  /// nil for the run's.
  public var deflation: TrainingRecipe.Deflation?
  /// nil for the run's.
  public var batchStatistics: BatchStatistics?
  /// Clean training batches that statistics are made anew from.
  public var recomputedFrom = 50
  /// Training images on which λ_max is measured; nil for none.
  public var curvatureImages: Int?

  public init() {}

  /// - Throws: ``UsageError`` that names the option and what it takes.
  func check() throws(UsageError) {
    func require(_ holds: Bool, _ option: String, _ expected: String, _ found: Any)
      throws(UsageError)
    {
      if !holds { throw UsageError("--\(option): expected \(expected), found \(found)") }
    }
    try require(!kinds.isEmpty, "kinds", "one kind or more", "none")
    try require(
      (1...10_000).contains(foreignBatches), "foreign-batches", "1 to 10000", foreignBatches)
    try require(
      (1...10_000).contains(recomputedFrom), "recompute-batches", "1 to 10000", recomputedFrom)
    try require((curvatureImages ?? 1) >= 1, "curvature-images", "at least 1", curvatureImages ?? 1)
    try require(
      noiseDeviation > 0 && noiseDeviation.isFinite, "noise-deviation", "above 0", noiseDeviation)
    let rate = learningRate ?? 1
    try require(rate > 0 && rate <= 1000, "learning-rate", "above 0, at most 1000", rate)
  }
}
