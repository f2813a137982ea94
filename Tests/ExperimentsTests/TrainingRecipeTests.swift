import Datasets
import Foundation
import Layers
import Optimization
import Spiking
import TestSupport
import Testing
import Training

@testable import Experiments

/// What a recipe's settings become, part by part.
@Suite struct TrainingRecipeTests {
  typealias Change = @Sendable (inout TrainingRecipe) -> Void

  private static func recipe(_ change: Change) -> TrainingRecipe {
    var recipe = TrainingRecipe()
    change(&recipe)
    return recipe
  }

  // MARK: The optimiser's chain

  static let chains: [(String, Change)] = [
    (
      "WeightDecay(0.0005) → Momentum(0.9) → LearningRate(cosine from 0.1 to 0.0 over 10)", { _ in }
    ),
    (
      "WeightDecay(0.01) → Momentum(0.5) → LearningRate(0.2)",
      {
        $0.weightDecay = 0.01
        $0.momentum = 0.5
        $0.learningRate = 0.2
        $0.decay = .constant
      }
    ),
    (
      "AdamMoments(0.8, 0.99, ε 1e-08) → WeightDecay(0.0005) → LearningRate(0.1)",
      {
        $0.method = .adamw
        $0.momentum = 0.8
        $0.beta2 = 0.99
        $0.decay = .constant
      }
    ),
    (
      "DominantSingularDeflation → WeightDecay(0.0005) → Momentum(0.9) → LearningRate(0.1)",
      {
        $0.deflation = .fast
        $0.decay = .constant
      }
    ),
    (
      "GradientClipping(2.0) → WeightDecay(0.0005) → Momentum(0.9) → "
        + "LearningRate(0.1 times 0.5 every 15 steps)",
      {
        $0.clipNorm = 2
        $0.decay = .step
        $0.decayEvery = 3
        $0.decayFactor = 0.5
      }
    ),
    (
      "DominantSingularDeflation(solver: FullDecomposition) → GradientClipping(1.0) → "
        + "AdamMoments(0.9, 0.999, ε 1e-08) → WeightDecay(0.0005) → "
        + "LearningRate(warm-up over 5 steps, then cosine from 0.1 to 0.0 over 1 × 5 steps)",
      {
        $0.deflation = .svd
        $0.clipNorm = 1
        $0.method = .adamw
        $0.warmupEpochs = 1
        $0.decayUnit = .epoch
      }
    ),
  ]

  @Test(arguments: chains)
  func `settings give this chain`(_ description: String, _ change: Change) {
    #expect(Self.recipe(change).optimizer(batchesPerEpoch: 5).description == description)
  }

  // MARK: The learning rate

  struct Rates: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: Change
    /// By step, written as formulas of the papers, for 10 epochs of 4 batches and a rate of 0.1.
    let expected: [Int: Double]
  }

  static let rates: [Rates] = [
    Rates(
      testDescription: "constant", change: { $0.decay = .constant }, expected: [0: 0.1, 39: 0.1]),
    Rates(
      testDescription: "cosine by step", change: { _ in },
      expected: [
        0: 0.1, 10: 0.05 * (1 + 0.5.squareRoot()), 20: 0.05, 30: 0.05 * (1 - 0.5.squareRoot()),
        39: 0.05 * (1 - cos(.pi / 40)),
      ]),
    Rates(
      testDescription: "cosine by epoch", change: { $0.decayUnit = .epoch },
      expected: [
        0: 0.1, 3: 0.1, 4: 0.05 * (1 + cos(.pi / 10)), 20: 0.05, 23: 0.05,
        39: 0.05 * (1 - cos(.pi / 10)),
      ]),
    Rates(
      testDescription: "falls",
      change: {
        $0.decay = .step
        $0.decayEvery = 3
        $0.decayFactor = 0.5
      }, expected: [0: 0.1, 11: 0.1, 12: 0.05, 23: 0.05, 24: 0.025, 39: 0.0125]),
    Rates(
      testDescription: "warm-up, cosine by step", change: { $0.warmupEpochs = 2 },
      expected: [
        0: 0.1 / 9, 7: 0.8 / 9, 8: 0.1, 24: 0.05, 39: 0.05 * (1 - cos(.pi / 32)),
      ]),
    Rates(
      testDescription: "warm-up, cosine by epoch",
      change: {
        $0.warmupEpochs = 2
        $0.decayUnit = .epoch
      },
      expected: [0: 0.1 / 9, 11: 0.1, 12: 0.05 * (1 + cos(.pi / 8)), 24: 0.05, 27: 0.05]),
    Rates(
      testDescription: "warm-up, falls",
      change: {
        $0.warmupEpochs = 2
        $0.decay = .step
        $0.decayEvery = 3
      }, expected: [3: 0.4 / 9, 8: 0.1, 19: 0.1, 20: 0.01, 32: 0.001]),
    Rates(
      testDescription: "warm-up, constant",
      change: {
        $0.warmupEpochs = 1
        $0.decay = .constant
      }, expected: [0: 0.02, 3: 0.08, 4: 0.1, 39: 0.1]),
  ]

  @Test(arguments: rates)
  func `the learning rate by step`(_ it: Rates) {
    var recipe = Self.recipe(it.change)
    recipe.epochs = 10
    let schedule = recipe.schedule(batchesPerEpoch: 4)
    for (step, rate) in it.expected {
      expectClose(schedule(step), rate, relative: 1e-12, absolute: 1e-15)
    }
  }

  // MARK: What the network is shown

  static let augmentations: [([Augmentation], Change)] = [
    ([.randomCrop(padding: 2), .randomFlip], { _ in }),
    (
      [.randomCrop(padding: 4), .cutout(.released), .randomFlip],
      {
        $0.cropPadding = 4
        $0.cutout = true
      }
    ),
    (
      [.cutout(.released)],
      {
        $0.cropPadding = nil
        $0.cutout = true
        $0.flips = false
      }
    ),
    ([.randomCrop(padding: 2)], { $0.flips = false }),
  ]

  @Test(arguments: augmentations)
  func `augmentations come in the release's order`(_ expected: [Augmentation], _ change: Change) {
    #expect(Self.recipe(change).augmentations == expected)
  }

  static let exposures: [(String, Change)] = [
    ("clean", { _ in }),
    ("FGSM within L∞ 2/255", { $0.exposure = ExposureRecipe(.adversarial) }),
    (
      "inverted; PGD-7 within L∞ 8/255: 2 batches at the end of epoch 1 only",
      {
        $0.exposure = ExposureRecipe(
          .inverted, foreign: .adversarial,
          schedule: ForeignSchedule(batches: 2, place: .end, cadence: .once, fromEpoch: 1))
        $0.exposure.attack.method = .pgd
        $0.exposure.attack.epsilon = 8.0 / 255
      }
    ),
  ]

  @Test(arguments: exposures)
  func `settings give this exposure`(_ description: String, _ change: Change) throws {
    #expect(try "\(step(Self.recipe(change)).exposure)" == description)
  }

  @Test func `an exposure that makes no sense names its option`() {
    let recipe = Self.recipe {
      $0.exposure = ExposureRecipe(
        .clean, foreign: .inverted, schedule: ForeignSchedule(batches: 1, fromEpoch: 99))
    }
    let error = #expect(throws: UsageError.self) { try step(recipe) }
    #expect(error?.description.hasPrefix("--foreign-from-epoch: expected") == true)
  }

  // MARK: The step

  private func step(
    _ recipe: TrainingRecipe, monitor: CollapseMonitor? = nil
  ) throws -> TrainingStep {
    try recipe.step(
      network: TinyJob.network.build(seed: 0), encoder: DirectEncoding(steps: 3),
      normalization: .identity(channels: 1), batchesPerEpoch: 5, monitor: monitor)
  }

  @Test func `a step has the recipe's settings`() throws {
    let usual = try step(TrainingRecipe())
    #expect(usual.batchStatistics == .allSteps && usual.unrolling == .allSteps)
    #expect(usual.sharpness == nil && usual.monitor == nil && usual.seed == 0)
    #expect((usual.objective as? PerStepCrossEntropy)?.meanSquareWeight == 0)

    let recipe = Self.recipe {
      $0.batchStatistics = .eachStep
      $0.unrolling = .stepByStep
      $0.sharpnessRadius = 0.5
      $0.sharpnessNeighborhood = .scaled
      $0.seed = 77
      $0.meanSquareWeight = 0.05
      $0.decay = .constant
    }
    let other = try step(recipe, monitor: CollapseMonitor(shareInterval: 3))
    #expect(other.batchStatistics == .eachStep && other.unrolling == .stepByStep)
    #expect(other.sharpness == SharpnessAwareAscent(rho: 0.5, neighborhood: .scaled))
    #expect(other.monitor != nil && other.seed == 77)
    #expect((other.objective as? PerStepCrossEntropy)?.meanSquareWeight == 0.05)
    #expect(
      other.description
        == "clean | SharpnessAwareAscent(0.5, scaled) → WeightDecay(0.0005) → Momentum(0.9) → "
        + "LearningRate(0.1)")
  }

  @Test func `a step's neighbourhood is a ball unless said otherwise`() throws {
    let step = try step(Self.recipe { $0.sharpnessRadius = 0.05 })
    #expect(step.sharpness == SharpnessAwareAscent(rho: 0.05, neighborhood: .ball))
  }
}
