import Datasets
import Foundation
import Layers
import Models
import Optimization
import Spiking
import TestSupport
import Testing
import Torch
import Training

@testable import Experiments

/// A foreign batch's two roads: each leaves the other's tensors bit for bit, and running statistics move as the closed
/// form says.
@Suite struct DriftJobTests {
  /// Trains a tiny network into `folder` and gives its last checkpoint's path.
  func checkpoint(
    _ folder: String, _ change: (inout TrainingRecipe, inout NetworkRecipe) -> Void = { _, _ in }
  ) throws -> String {
    var (training, network) = (TinyJob.training, TinyJob.network)
    training.epochs = 3
    change(&training, &network)
    let run = try RunFolder(folder)
    _ = try TrainingJob(
      network: network, training: training, datasets: RunDatasets(training: TinyJob.dataset)
    ).run(in: run)
    return run.checkpoints.path(.last)
  }

  func job(
    _ path: String, _ change: (inout DriftRecipe) -> Void = { _ in }
  ) throws -> DriftJob {
    var recipe = DriftRecipe()
    recipe.recomputedFrom = 3
    change(&recipe)
    return try DriftJob(
      checkpointAt: path, training: TinyJob.dataset, test: TinyJob.dataset, recipe: recipe)
  }

  func run(
    _ job: DriftJob, _ progress: (DriftJob.Progress) -> Void = { _ in }
  ) throws -> DriftResults {
    try #require(try job.run(progress: progress))
  }

  func same(_ a: NamedTensors, _ b: NamedTensors) -> Bool {
    a.names == b.names && a.names.allSatisfy { a[$0]!.isIdentical(to: b[$0]!) }
  }

  @Test func `every kind is measured on every road, and file and network stay`() throws {
    try withTemporaryDirectory { folder in
      let path = try checkpoint(folder)
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let job = try job(path) {
        $0.curvatureImages = 4
        $0.noiseDeviation = 0.3
      }
      let origin = NetworkState(of: job.network)
      var last: DriftJob.Progress?
      let results = try run(job) {
        #expect($0.done >= last?.done ?? 0)
        last = $0
      }
      #expect(last?.done == last?.total && last?.total == 26)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      #expect(same(NetworkState(of: job.network).parameters, origin.parameters))
      #expect(same(NetworkState(of: job.network).statistics, origin.statistics))
      #expect(results.kinds.map(\.kind) == DriftKind.allCases)
      #expect(results.kinds.map(\.isNative) == [true] + Array(repeating: false, count: 5))
      for kind in results.kinds {
        #expect(kind.weightsMoved > 0 && kind.failure == nil && kind.losses.count == 1)
        #expect(kind.layers.map(\.layer) == ["layer1.1", "layer2.1", "layer2.5"])
        #expect(kind.layers.allSatisfy { $0.meanShift > 0 && $0.varianceRatio > 0 })
        let states = [kind.statisticsOnly, kind.weightsOnly, kind.both, kind.recomputed]
        #expect(states.allSatisfy { $0?.score.total == 22 && $0?.curvature?.value != nil })
      }
      let inverted = try #require(results.kinds.first { $0.kind == .inverted })
      let clean = results.kinds[0]
      // Dark for light moves the first layer's mean far more than another batch of the same kind.
      #expect(inverted.layers[0].meanShift > 2 * clean.layers[0].meanShift)
      let page = try results.html(vegaBundle: VegaBundle.load())
      #expect(page.contains("normalized-clamp") && page.contains("id=\"drift\""))
      // Two decimals would make nothing of a small eigenvalue.
      let reading = try #require(results.before.curvature)
      let value = NumberText.significant(try #require(reading.value))
      #expect(page.contains(">\(value)\(reading.converged ? "" : " (not converged)")<"))
      #expect(try JSONDecoder().decode(DriftResults.self, from: results.json()) == results)
      // Everything is drawn by the run's seed.
      let again = try run(job)
      #expect(again.kinds.map(\.both.score) == results.kinds.map(\.both.score))
      #expect(again.kinds.map(\.layers) == results.kinds.map(\.layers))
    }
  }

  /// r ← (1 − m)ⁿ r + (1 − (1 − m)ⁿ) s of the batch's own s, computed apart.
  @Test(arguments: [BatchStatistics.allSteps, .eachStep])
  func `statistics move by the closed form, and only they with a rate next to nothing`(
    statistics: BatchStatistics
  ) throws {
    try withTemporaryDirectory { folder in
      let path = try checkpoint(folder) { training, _ in training.batchStatistics = statistics }
      let job = try job(path) {
        $0.kinds = [.inverted]
        $0.learningRate = 1e-30
      }
      let results = try run(job)
      let found = results.kinds[0]
      #expect(found.weightsMoved == 0, "\(found.weightsMoved)")
      #expect(found.weightsOnly == results.before && found.statisticsOnly == found.both)
      let moves = statistics == .eachStep ? 3 : 1
      let share = 1 - pow(0.9, Double(moves))
      expectClose(results.statisticsReplaced, share, relative: 1e-12)

      // The first batch norm sees the convolution of normalised, inverted pixels, the same at each step.
      let manifest = job.checkpoint.manifest
      let batch = try #require(
        DataLoader(
          TinyJob.dataset, batchSize: 6, order: .shuffled, seed: 9,
          augmentations: manifest.training.augmentations
        ).epoch(3).first { _ in true })
      let weights = job.checkpoint.weights
      var input = 1 - batch.images
      if let normalization = manifest.network.normalization { input = normalization(input) }
      let convolved = input.converted(to: .float64).conv2d(
        weights["layer1.0.weight"]!.converted(to: .float64),
        bias: weights["layer1.0.bias"]?.converted(to: .float64), stride: 1, padding: 1)
      let mean = convolved.mean(along: [0, 2, 3]).scalars(of: Double.self)
      let old = weights["layer1.1.running_mean"]!.scalars(of: Float.self).map(Double.init)
      let variance = weights["layer1.1.running_var"]!.scalars(of: Float.self).map(Double.init)
      let shifts = mean.indices.map {
        share * abs(mean[$0] - old[$0]) / (variance[$0] + 1e-5).squareRoot()
      }
      expectClose(found.layers[0].largestMeanShift, shifts.max()!, relative: 1e-3)
      let square = shifts.reduce(0) { $0 + $1 * $1 } / Double(shifts.count)
      expectClose(found.layers[0].meanShift, square.squareRoot(), relative: 1e-3)
    }
  }

  @Test func `one road's tensors leave the other's bit for bit`() throws {
    let (a, b) = (try TinyJob.network.build(seed: 1), try TinyJob.network.build(seed: 2))
    for (_, buffer) in b.buffers { withoutGradients { buffer.addInPlace(.full(0.25, shape: [1])) } }
    let (from, to) = (NetworkState(of: a), NetworkState(of: b))
    let network = try TinyJob.network.build(seed: 3)
    let roads = [
      (from.with(statistics: to.statistics), from.parameters, to.statistics),
      (to.with(statistics: from.statistics), to.parameters, from.statistics),
    ]
    for (state, parameters, statistics) in roads {
      state.put(into: network)
      #expect(same(network.parameters.map { $0.detached() }, parameters))
      #expect(same(network.buffers, statistics))
      for tensor in network.parameters.tensors { #expect(tensor.requiresGradient) }
    }
    #expect(!same(from.parameters, to.parameters) && !same(from.statistics, to.statistics))
    #expect(from.relativeDistance(to: from) == 0 && from.relativeDistance(to: to) > 0.1)
  }

  @Test func `the step is that of a training step by hand`() throws {
    try withTemporaryDirectory { folder in
      let path = try checkpoint(folder) { training, _ in training.deflation = .fast }
      for momentum in DriftRecipe.Momentum.allCases {
        let job = try job(path) {
          $0.kinds = [.clean]
          $0.momentum = momentum
          $0.foreignBatches = 2
          $0.learningRate = 0.02
        }
        let manifest = job.checkpoint.manifest
        let network = try manifest.network.build(seed: 0)
        try network.load(job.checkpoint.weights)
        let origin = NetworkState(of: network)
        var step = TrainingStep(
          network: network, encoder: manifest.network.encoder, objective: PerStepCrossEntropy(),
          optimizer: Optimizer([
            DominantSingularDeflation(), WeightDecay(5e-4), Momentum(0.9),
            LearningRate(.constant(0.02)),
          ]), seed: 9)
        if momentum == .checkpoint { step.optimizer.state = job.checkpoint.optimizerState }
        var losses: [Double] = []
        let loader = DataLoader(
          TinyJob.dataset, batchSize: 6, order: .shuffled, seed: 9,
          augmentations: manifest.training.augmentations)
        for batch in loader.epoch(3) where batch.index < 2 {
          losses.append(try step(batch, index: 12 + batch.index).loss)
        }
        let found = try run(job).kinds[0]
        #expect(found.losses == losses)
        #expect(found.weightsMoved == origin.relativeDistance(to: NetworkState(of: network)))
      }
    }
  }

  @Test(arguments: [BatchStatistics.allSteps, .eachStep])
  func `statistics made anew are the means over batches`(statistics: BatchStatistics) throws {
    let recipe = TinyJob.network
    let network = try recipe.build(seed: 4)
    let batches = Array(DataLoader(TinyJob.dataset, batchSize: 6).epoch(0))
    let kept = NetworkState(of: network)
    let found = StatisticsRecomputation.statistics(
      of: network, recipe.encoder, over: batches, statistics, seed: 1)
    #expect(same(NetworkState(of: network).statistics, kept.statistics))
    // Many passes over the same batch lead to that batch's statistics.
    let one = StatisticsRecomputation.statistics(
      of: network, recipe.encoder, over: [batches[0]], statistics, seed: 1)
    for _ in 0..<200 {
      withoutGradients {
        var pass = ForwardPass(.training, batchStatistics: statistics)
        _ = network(recipe.encoder(batches[0].images, &pass), &pass)
      }
    }
    for (name, value) in one {
      let limit = network.buffers[name]!
      // Step by step, a later step counts more, in both ways alike.
      expectClose(value, limit, relative: 1e-4, absolute: 1e-5)
    }
    // A mean of four batches lies within what the batches have.
    let each = batches.map {
      StatisticsRecomputation.statistics(
        of: network, recipe.encoder, over: [$0], statistics, seed: 1)
    }
    for (name, value) in found {
      let mean = Tensor.stacking(each.map { $0[name]! }).mean(along: [0])
      expectClose(value, mean, relative: 1e-4, absolute: 1e-5)
    }
  }

  @Test func `the share that n moves replace`() {
    for (moves, share) in [(0, 0.0), (1, 0.1), (4, 0.3439), (20, 1 - pow(0.9, 20))] {
      expectClose(
        StatisticsRecomputation.replacedShare(moves: moves), share, relative: 1e-12)
    }
  }

  @Test func `a network without batch norm has one road and says so`() throws {
    try withTemporaryDirectory { folder in
      let path = try checkpoint(folder) { training, network in
        training.epochs = 1
        network.model = .nfResNet18
        network.head = .released
        network.width = 0.06
        network.imageSize = 8
      }
      let results = try run(job(path) { $0.kinds = [.clean, .adversarial] })
      #expect(!results.hasBatchNorm && results.beforeRecomputed == nil)
      #expect(results.notes[0].hasPrefix("the network has no batch norm"))
      let page = try results.html(vegaBundle: VegaBundle.load())
      #expect(page.contains("the network has no batch norm") && !page.contains("id=\"layers\""))
      for kind in results.kinds {
        #expect(kind.statisticsOnly == nil && kind.weightsOnly == nil && kind.recomputed == nil)
        #expect(kind.layers.isEmpty && kind.both.score.total == 22)
      }
    }
  }

  @Test func `an adversarially trained network's control is its own kind`() {
    var exposure = ExposureRecipe(.adversarial)
    let native = { DriftKind.allCases.filter { $0.isNative(to: exposure) } }
    #expect(native() == [.adversarial])
    exposure.released = [.normalizedClamp]
    #expect(native() == [.normalizedClamp])
    exposure = ExposureRecipe(.clean)
    #expect(native() == [.clean])
  }

  typealias Mistake = (message: String, change: @Sendable (inout DriftRecipe) -> Void)
  static let mistakes: [Mistake] = [
    ("--foreign-batches: expected 1 to 10000, found 0", { $0.foreignBatches = 0 }),
    ("--recompute-batches: expected 1 to 10000, found 0", { $0.recomputedFrom = 0 }),
    ("--learning-rate: expected above 0, at most 1000, found 0.0", { $0.learningRate = 0 }),
    ("--curvature-images: expected at least 1, found 0", { $0.curvatureImages = 0 }),
    ("--noise-deviation: expected above 0, found 0.0", { $0.noiseDeviation = 0 }),
    ("--kinds: expected one kind or more, found none", { $0.kinds = [] }),
  ]

  @Test func `settings without sense are named`() {
    for (message, change) in Self.mistakes {
      var recipe = DriftRecipe()
      change(&recipe)
      let error = #expect(throws: UsageError.self) { try recipe.check() }
      #expect(error?.description == message)
    }
  }
}
