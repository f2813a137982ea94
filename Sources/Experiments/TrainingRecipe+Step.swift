import Datasets
import Layers
import Optimization
import Spiking
import Training

extension TrainingRecipe {
  /// In the release's order.
  var augmentations: [Augmentation] {
    (cropPadding.map { [.randomCrop(padding: $0)] } ?? []) + (cutout ? [.cutout(.released)] : [])
      + (flips ? [.randomFlip] : [])
  }

  /// One step of this recipe.
  ///
  /// - Parameter normalization: the network's first layer.
  /// - Throws: ``UsageError`` for an exposure that makes no sense.
  func step(
    network: any SpikingNetwork, encoder: any Encoder, normalization: PixelNormalization,
    batchesPerEpoch: Int, monitor: CollapseMonitor?
  ) throws(UsageError) -> TrainingStep {
    TrainingStep(
      network: network, encoder: encoder,
      exposure: try exposure(normalization, batchesPerEpoch: batchesPerEpoch),
      objective: PerStepCrossEntropy(meanSquareWeight: meanSquareWeight),
      batchStatistics: batchStatistics, unrolling: unrolling,
      sharpness: sharpnessRadius.map {
        SharpnessAwareAscent(rho: $0, neighborhood: sharpnessNeighborhood)
      },
      optimizer: optimizer(batchesPerEpoch: batchesPerEpoch), monitor: monitor, seed: seed)
  }

  /// - Throws: ``UsageError`` for an exposure that makes no sense.
  func exposure(
    _ normalization: PixelNormalization, batchesPerEpoch: Int
  ) throws(UsageError) -> Exposure {
    do {
      return try exposure.exposure(
        epochs: epochs, batchesPerEpoch: batchesPerEpoch, normalization: normalization)
    } catch {
      let option = Self.exposureOptions[error.field] ?? error.field
      throw UsageError("--\(option): expected \(error.expected), found \(error.found)")
    }
  }

  /// The chain, in the order in which a gradient passes it:
  /// deflate → clip → (SGD) decay → momentum → rate, or (AdamW) moments → decay → rate.
  func optimizer(batchesPerEpoch: Int) -> Optimizer {
    let rate = LearningRate(schedule(batchesPerEpoch: batchesPerEpoch))
    return Optimizer {
      if deflation != .none {
        DominantSingularDeflation(solver: deflation == .svd ? .svd : .fast)
      }
      if let clipNorm { GradientClipping(maximumNorm: clipNorm) }
      switch method {
      case .sgd:
        WeightDecay(weightDecay)
        Momentum(momentum)
      case .adamw:
        AdamMoments(beta1: momentum, beta2: beta2)
        WeightDecay(weightDecay)
      }
      rate
    }
  }

  /// The learning rate by step. The warm-up's epochs are part of the run's, not before them.
  func schedule(batchesPerEpoch: Int) -> Schedule {
    let warmup = warmupEpochs * batchesPerEpoch
    let left = epochs - warmupEpochs
    let main: Schedule =
      switch (decay, decayUnit) {
      case (.constant, _): .constant(learningRate)
      case (.cosine, .step): .cosine(from: learningRate, over: left * batchesPerEpoch)
      case (.cosine, .epoch): .cosine(from: learningRate, over: left, every: batchesPerEpoch)
      case (.step, _):
        .step(from: learningRate, factor: decayFactor, every: decayEvery * batchesPerEpoch)
      }
    return warmup == 0 ? main : .warmup(over: warmup, then: main)
  }
}
