import Curvature
import Datasets
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch

@testable import Experiments

/// Curvature against the number of time steps, on networks of a few hundred weights.
@Suite struct StepsJobTests {
  static let data: ImageDataset = {
    // Each of three classes is bright in other rows.
    let noise = Tensor.uniform([24, 1, 8, 8], in: 0...0.4, using: Generator(seed: 1))
    let values = noise.scalars(of: Float.self).enumerated().map { index, value in
      index / 8 % 8 / 3 == index / 64 % 3 ? value + 0.6 : value
    }
    return try! ImageDataset(
      [
        "images": Tensor(values, shape: [24, 1, 8, 8]),
        "labels": Tensor((0..<24).map { Int64($0 % 3) }),
      ], from: "memory", name: "rows", split: .train)
  }()

  static func recipe(_ change: (inout NetworkRecipe) -> Void = { _ in }) throws -> NetworkRecipe {
    var recipe = NetworkRecipe()
    recipe.width = 1.0 / 32
    recipe.neuron.threshold = 0.5
    recipe.head = .compact
    recipe.steps = 3
    change(&recipe)
    return try recipe.fitted(to: data)
  }

  static func job(
    _ source: StepsSource, _ variants: [StepsVariant], steps: [Int] = [1, 3],
    losses: [MeasuredLoss] = [.meanLogits]
  ) -> StepsJob {
    var job = StepsJob(
      source, variants, steps: steps, losses: losses, on: data.prefix(6), trainingData: data)
    job.batchSize = 6
    return job
  }

  static func settings(_ steps: Int = 0) throws -> StepsSource {
    var training = StepsTraining()
    training.steps = steps
    training.calibrationBatches = 30
    training.recipe.batchSize = 8
    return .settings(try recipe(), training)
  }

  static let bptt = StepsVariant(.spiking, .direct, .throughTime)
  private static let sltt = StepsVariant(.spiking, .direct, .withinStep)

  /// The theory's cumulative loss is T times the loss of a step: its Θ(T) is there before any network is.
  @Test(arguments: [1, 3, 5])
  func `the summed loss, its gradient and its curvature are T times those of each step`(
    _ steps: Int
  ) throws {
    var recipe = try Self.recipe()
    recipe.steps = steps
    let network = try recipe.build(seed: 3)
    try StepsTraining().prepare(network, recipe, on: Self.data, seed: 0)
    network.convert(to: .float64)
    let batches = ImageBatch.batches(of: Self.data.prefix(5), size: 3, dtype: .float64)
    func curvature(_ loss: MeasuredLoss, _ product: CurvatureProduct) throws -> LossCurvature {
      try LossCurvature(
        of: LossFunction(
          of: network, DirectEncoding(steps: steps), loss: loss, over: batches), product: product)
    }
    for product in [CurvatureProduct.transposedJacobian, .gaussNewton] {
      let (each, sum) = (try curvature(.eachStep, product), try curvature(.summed, product))
      let v = randomTensor([each.dimension], seed: 9, dtype: .float64)
      let expected = try each(v) * Double(steps)
      let scale = expected.norm().item()
      #expect(scale > 0)
      expectClose(try sum(v), expected, absolute: 1e-12 * scale)
      expectClose(
        try sum.gradient(), try each.gradient() * Double(steps),
        absolute: 1e-12 * (try sum.gradient().norm().item()))
    }
  }

  /// Every number against its definition, computed here: the dense Jacobian of the gradient, column by column.
  @Test func `eigenvalues are those of the dense matrices`() throws {
    let source = try Self.settings()
    var job = Self.job(source, [Self.bptt, Self.sltt], steps: [2], losses: [.eachStep])
    job.tolerance = 1e-4
    // Two batches of different sizes.
    job.batchSize = 4
    let results = try job.run()
    #expect(results.points.count == 2)
    for point in results.points {
      guard case .settings(let base, let training) = source else { return }
      var recipe = base
      recipe.steps = point.steps
      recipe.neuron.temporalGradient = try #require(point.variant.temporalGradient)
      let network = try recipe.build(seed: 0)
      try training.prepare(network, recipe, on: Self.data, seed: 0)
      let images = ImageBatch.batches(of: Self.data.prefix(6), size: 6)
      let function = LossFunction(of: network, recipe.encoder, loss: .eachStep, over: images)
      let labels = Self.data.labels(at: 0..<6)
      var pass = ForwardPass(.evaluation)
      let logits = network(recipe.encoder(Self.data.images(at: 0..<6), &pass), &pass)
      let value =
        (0..<logits.size(0)).map { logits[$0].crossEntropy(labels) }.reduce(Tensor(Float(0)), +)
        / Double(logits.size(0))
      expectClose(point.value, value.item(), relative: 1e-4)
      expectClose(point.spikeRate, pass.spikeRate, relative: 1e-4)
      expectClose(point.layerRates, pass.activity.map(\.rate), relative: 1e-4)
      let squares = value.gradients(of: network.parameters).tensors.reduce(0.0) {
        $0 + $1.squared().sum().item()
      }
      expectClose(point.gradientNorm, squares.squareRoot(), relative: 1e-3)
      // One matrix of each: a dense one takes as many products as there are weights.
      let pairs =
        point.variant == Self.bptt
        ? [(CurvatureProduct.transposedJacobian, point.hessian)]
        : [(.gaussNewton, point.gaussNewton)]
      for (product, found) in pairs {
        let matrix = try LossCurvature(of: function, product: product)
        let identity = Tensor.identity(matrix.dimension)
        let rows = try (0..<matrix.dimension).map { try matrix(identity[$0]) }
        let dense = Tensor.stacking(rows).converted(to: .float64)
        let symmetric = (dense + dense.transposed()) / 2
        let values = try symmetric.symmetricEigenDecomposition().values.scalars(of: Double.self)
        let extreme = values.max { abs($0) < abs($1) }!
        #expect(abs(extreme) > 1e-4)
        expectClose(found.eigenvalue.value, extreme, relative: 1e-3)
        #expect(found.eigenvalue.converged && found.products > 0)
      }
      #expect(point.asymmetry.value < 1e-5)
      #expect(point.spikeRate > 0.01 && point.spikeRate < 1)
    }
  }

  /// Values do not know the temporal gradient, and at T = 1 nothing else does either.
  @Test func `at one step both temporal gradients are the same, later their losses still are`()
    throws
  {
    let points = try Self.job(
      Self.settings(), [Self.bptt, Self.sltt], steps: [1, 4]
    ).run().points
    let (through, within) = (
      points.filter { $0.variant == Self.bptt }, points.filter { $0.variant == Self.sltt }
    )
    #expect(through[0].hessian == within[0].hessian)
    #expect(through.map(\.value) == within.map(\.value))
    #expect(through.map(\.spikeRate) == within.map(\.spikeRate))
    #expect(through[1].hessian != within[1].hessian)
  }

  @Test func `the twin is measured once under direct coding and at every T under rate coding`()
    throws
  {
    let variants = StepsVariant.grid(
      activations: [.spiking, .relu], codings: [.direct, .rate],
      temporalGradients: [.throughTime, .withinStep])
    #expect(variants.count == 6)
    let results = try Self.job(Self.settings(), Array(variants.suffix(2))).run()
    #expect(results.points.map(\.steps) == [1, 1, 3])
    #expect(results.points.map(\.variant.coding) == [.direct, .rate, .rate])
    #expect(results.fits.allSatisfy { $0.variant == variants[5] })
    #expect(results.notes.contains { $0.contains("measured once") })
  }

  @Test func `a checkpoint's weights are run again as they are`() throws {
    let recipe = try Self.recipe()
    let loaded = LoadedNetwork(try recipe.build(seed: 5), recipe: recipe, path: "some")
    let variants = [Self.bptt, StepsVariant(.relu, .direct, nil)]
    let results = try Self.job(.weights(loaded), variants, steps: [3, 6]).run()
    #expect(results.points.map(\.steps) == [3, 6, 1])
    var pass = ForwardPass(.evaluation)
    let images = Self.data.images(at: 0..<6)
    let logits = loaded.network(recipe.encoder(images, &pass), &pass)
    let loss = logits.mean(along: [0]).crossEntropy(Self.data.labels(at: 0..<6)).item()
    expectClose(results.points[0].value, loss, relative: 1e-5)
    #expect(results.weights == "some" && results.training == nil)
    #expect(results.notes.count { $0.hasPrefix("the weights were trained") } == 2)
  }

  @Test func `training moves the weights at every T, from the same beginning`() throws {
    let initial = try Self.job(Self.settings(), [Self.bptt]).run()
    let trained = try Self.job(Self.settings(30), [Self.bptt]).run()
    for (before, after) in zip(initial.points, trained.points) {
      #expect(after.value < before.value)
    }
    #expect(trained.notes.map { $0.prefix(8) } == ["one seed"])
    #expect(try Self.job(Self.settings(30), [Self.bptt]).run().points == trained.points)
  }

  /// Without spikes λ is 1/K of the last bias for every T, and a sum over steps would be given a perfect Θ(T).
  @Test func `a silent network is named, and no law is fitted to it`() throws {
    var training = StepsTraining()
    training.calibrationBatches = 0
    let recipe = try Self.recipe { $0.neuron.threshold = 50 }
    let results = try Self.job(
      .settings(recipe, training), [Self.bptt], steps: [1, 2, 3, 4], losses: [.eachStep]
    ).run()
    for point in results.points {
      #expect(point.isSilent && point.spikeRate == 0 && point.layerRates == [0, 0, 0])
      expectClose(point.hessian.eigenvalue.value, 1 / 3.0, relative: 1e-3)
    }
    #expect(results.fits.count == 4)
    #expect(results.fits.allSatisfy { $0.growth.verdict == .tooFewPoints && $0.growth.points == 0 })
    #expect(results.notes[0].contains("(SNN, BPTT, direct coding at T = 1, 2, 3, 4)"))
    #expect(results.notes[0].contains("1/K = 0.333"))
    let spiking = try Self.job(Self.settings(), [Self.bptt]).run()
    #expect(spiking.points.allSatisfy { !$0.isSilent && $0.layerRates.count == 3 })
    #expect(!spiking.notes.contains { $0.contains("emits nothing") })
  }

  @Test func `a job that is stopped has the points that it measured, and says so`() throws {
    let job = Self.job(try Self.settings(), [Self.bptt, Self.sltt])
    var done = 0
    let results = try job.run(shouldStop: { done == 3 }) {
      done = $1; _ = ($0, $2)
    }
    #expect(results.points == Array(try job.run().points.prefix(3)))
    done = 0
    let early = try job.run(shouldStop: { done == 2 }) {
      done = $1; _ = ($0, $2)
    }
    #expect(early.points.count == 2 && early.fits.map(\.variant) == [Self.bptt, Self.bptt])
    #expect(results.notes[0] == "stopped after 3 of 4 points: the rest is missing")
  }

  @Test func `a page without a law or a note says nothing of them`() throws {
    let recipe = try Self.recipe()
    let loaded = LoadedNetwork(try recipe.build(seed: 5), recipe: recipe, path: "some")
    let results = try Self.job(.weights(loaded), [Self.bptt], steps: [3]).run()
    let page = try results.html(vegaBundle: VegaBundle.load())
    #expect(page.contains("Too few T for a law of growth."))
    #expect(
      results.notes.allSatisfy { page.contains(HTML.escaped($0)) } && !page.contains("To know: ."))
  }

  @Test func `fits of the sum are derived where it was not asked for`() throws {
    let results = try Self.job(
      Self.settings(), [Self.bptt], steps: [1, 2, 3, 4], losses: [.eachStep]
    ).run()
    #expect(results.fits.map(\.isDerived) == [false, true, false, true])
    for pair in [0, 2] {
      let (each, sum) = (results.fits[pair].growth.power!, results.fits[pair + 1].growth.power!)
      expectClose(sum.exponent, each.exponent + 1, relative: 1e-9)
      // What is the sum's is not said to be the network's.
      let own = NumberText.decimal(each.exponent, 3).replacing("-", with: "−")
      let fits = [results.fits[pair], results.fits[pair + 1]].map(\.sentence)
      #expect(
        fits[1].contains("; 1 of a is the sum's own doing, which leaves the network \(own) ("))
      #expect(!fits[0].contains("the sum's own"))
    }
    let both = try Self.job(
      Self.settings(), [Self.bptt], steps: [1, 2, 3, 4], losses: [.eachStep, .summed]
    ).run()
    #expect(both.fits.allSatisfy { !$0.isDerived })
    expectClose(
      both.fits[2].growth.power!.exponent, results.fits[1].growth.power!.exponent, absolute: 0.02)
  }
}
