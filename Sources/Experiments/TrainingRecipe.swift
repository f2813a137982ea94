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

  var augmentations: [Augmentation] {
    (cropPadding.map { [.randomCrop(padding: $0)] } ?? []) + (flips ? [.randomFlip] : [])
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
