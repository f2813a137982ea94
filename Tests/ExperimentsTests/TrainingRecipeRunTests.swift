import Attacks
import Datasets
import Optimization
import Spiking
import Testing
import Training

@testable import Experiments

/// A job of a recipe against the same steps called by hand, bit for bit.
@Suite struct TrainingRecipeRunTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let training: @Sendable (inout TrainingRecipe) -> Void
    var network: @Sendable (inout NetworkRecipe) -> Void = { _ in }
    let parts: @Sendable (inout TinyJob.Parts) -> Void
  }

  private static let plain = Result { try TinyJob.Parts().train() }

  private func run(
    _ training: TrainingRecipe, _ network: NetworkRecipe = TinyJob.network,
    _ running: RunningRecipe = RunningRecipe()
  ) throws -> TrainingJob.Outcome {
    try TrainingJob(
      network: network, training: training, running: running,
      datasets: RunDatasets(training: TinyJob.dataset)
    ).run()
  }

  @Test func `plain`() throws {
    #expect(try TinyJob.Result(run(TinyJob.training)) == Self.plain.get())
  }

  @Test(arguments: optimization + gradients + shown)
  func `a setting does what it says`(_ it: Case) throws {
    var (training, network) = (TinyJob.training, TinyJob.network)
    var parts = TinyJob.Parts()
    it.training(&training)
    it.network(&network)
    it.parts(&parts)
    let found = try TinyJob.Result(run(training, network))
    #expect(try found == parts.train())
    #expect(try found != Self.plain.get(), "the setting changes nothing")
  }

  @Test func `a monitor watches, and changes nothing`() throws {
    var running = RunningRecipe()
    let watched = try run(TinyJob.training, TinyJob.network, running)
    running.monitors = false
    let unwatched = try run(TinyJob.training, TinyJob.network, running)
    #expect(watched.manifest.session.monitor != nil)
    #expect(unwatched.manifest.session.monitor == nil)
    #expect(TinyJob.Result(watched) == TinyJob.Result(unwatched))
  }

  static let optimization: [Case] = [
    Case(testDescription: "AdamW") {
      $0.method = .adamw
      $0.beta2 = 0.99
      $0.weightDecay = 0.01
    } parts: {
      $0.chain = [
        AdamMoments(beta1: 0.9, beta2: 0.99), WeightDecay(0.01), LearningRate(.constant(0.05)),
      ]
    },
    Case(testDescription: "clip-norm") {
      $0.clipNorm = 0.5
    } parts: {
      $0.chain.insert(GradientClipping(maximumNorm: 0.5), at: 0)
    },
    Case(testDescription: "warm-up") {
      $0.epochs = 2
      $0.warmupEpochs = 1
    } parts: {
      $0.epochs = 2
      $0.chain[2] = LearningRate(.warmup(over: 4, then: .constant(0.05)))
    },
    Case(testDescription: "deflation") {
      $0.deflation = .svd
      $0.momentum = 0.5
    } parts: {
      $0.chain[1] = Momentum(0.5)
      $0.chain.insert(DominantSingularDeflation(solver: .svd), at: 0)
    },
  ]

  static let gradients: [Case] = [
    Case(testDescription: "sharpness") {
      $0.sharpnessRadius = 0.5
      $0.sharpnessNeighborhood = .scaled
    } parts: {
      $0.sharpness = SharpnessAwareAscent(rho: 0.5, neighborhood: .scaled)
    },
    Case(testDescription: "eachStep") {
      $0.batchStatistics = .eachStep
    } parts: {
      $0.batchStatistics = .eachStep
    },
    Case(testDescription: "stepByStep") {
      $0.batchStatistics = .eachStep
      $0.unrolling = .stepByStep
    } network: {
      $0.neuron.temporalGradient = .withinStep
    } parts: {
      $0.batchStatistics = .eachStep
      $0.unrolling = .stepByStep
      $0.neuron = LIF(temporalGradient: .withinStep)
    },
    Case(testDescription: "mean-square-weight") {
      $0.meanSquareWeight = 0.05
    } parts: {
      $0.objective = PerStepCrossEntropy(meanSquareWeight: 0.05)
    },
  ]

  static let shown: [Case] = [
    Case(testDescription: "rate coding") {
      _ in
    } network: {
      $0.coding = .rate
    } parts: {
      $0.encoder = PoissonEncoding(steps: 3)
    },
    Case(testDescription: "cutout") {
      $0.cutout = true
      $0.cropPadding = nil
    } parts: {
      $0.augmentations = [.cutout(.released), .randomFlip]
    },
    Case(testDescription: "adversarial PGD") {
      $0.exposure = ExposureRecipe(.adversarial)
      $0.exposure.attack.method = .pgd
      $0.exposure.attack.steps = 2
      $0.exposure.attack.epsilon = 0.1
    } parts: {
      $0.exposure = .adversarial(PGD(.linf(0.1), stepSize: 0.01, steps: 2))
    },
    Case(testDescription: "foreign") {
      $0.exposure = ExposureRecipe(
        .clean, foreign: .gaussianNoise, schedule: ForeignSchedule(batches: 2, place: .end))
      $0.exposure.noiseDeviation = 0.2
    } parts: {
      $0.exposure = Exposure(
        .clean,
        foreign: .init(
          .gaussianNoise(deviation: 0.2), ForeignSchedule(batches: 2, place: .end),
          batchesPerEpoch: 4))
    },
  ]
}
