import Datasets
import Layers
import Optimization
import Spiking
import Training

/// A training run as options say it: all that its numbers depend on beside the network and the data.
public struct TrainingRecipe: Codable, Sendable, Equatable {
  public enum Deflation: String, Codable, Sendable, CaseIterable {
    /// No deflation: plain training.
    case none
    /// Leading singular triple by the fast solver, the full decomposition where its bound is not met.
    case fast
    /// Leading singular triple by the full decomposition.
    case svd
  }

  public enum Method: String, Codable, Sendable, CaseIterable { case sgd, adamw }

  /// How the learning rate falls.
  public enum Decay: String, Codable, Sendable, CaseIterable { case cosine, step, constant }

  /// When the learning rate moves.
  public enum Unit: String, Codable, Sendable, CaseIterable { case step, epoch }

  public var epochs = 2
  public var batchSize = 128
  public var seed: UInt64 = 0
  /// Threads of the engine; nil for as many as it takes here. The order of its sums depends on their number, so a
  /// run keeps the number it began with.
  public var threads: Int?

  // What the network is shown.
  /// Random crop with this zero padding; nil for none.
  public var cropPadding: Int? = 2
  /// Random erasing, as the release does it.
  public var cutout = false
  public var flips = true
  public var exposure = ExposureRecipe()

  // How a gradient is taken.
  /// λ of the mean-square term in the objective; the release trains with 0.05.
  public var meanSquareWeight = 0.0
  public var batchStatistics = BatchStatistics.allSteps
  public var unrolling = Unrolling.allSteps
  /// ρ of sharpness-aware minimisation; nil for none.
  public var sharpnessRadius: Double?
  public var sharpnessNeighborhood = SharpnessAwareAscent.Neighborhood.ball

  // What becomes of it.
  public var deflation = Deflation.none
  /// The largest norm of all gradients together; nil for any.
  public var clipNorm: Double?
  public var method = Method.sgd
  /// Momentum of SGD, β₁ of AdamW.
  public var momentum = 0.9
  /// β₂ of AdamW.
  public var beta2 = 0.999
  public var weightDecay = 5e-4
  public var learningRate = 0.1
  public var decay = Decay.cosine
  public var decayUnit = Unit.step
  /// Epochs between falls, and what the rate is multiplied by: `step` only.
  public var decayEvery = 30
  public var decayFactor = 0.1
  /// Epochs in which the rate rises linearly first.
  public var warmupEpochs = 0

  public init() {}
}
