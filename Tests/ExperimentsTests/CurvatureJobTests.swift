import Curvature
import Datasets
import Foundation
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch
import Training

@testable import Experiments

/// Curvatures of a tiny spiking network, against its whole Hessian row by row.
@Suite struct CurvatureJobTests {
  static let epsilon = 0.05

  /// float64, two batches of 7, no density and no trace.
  static var settings: CurvatureSettings {
    var settings = CurvatureSettings()
    settings.inferences = [.clean]
    settings.epsilon = epsilon
    settings.batches = 2
    settings.batchSize = 7
    settings.precision = .float64
    settings.tolerance = 1e-9
    settings.density = nil
    settings.traceProducts = nil
    return settings
  }

  static func network(_ change: (inout NetworkRecipe) -> Void = { _ in }) throws -> LoadedNetwork {
    var recipe = TinyJob.network
    recipe.width = 0.03
    recipe.neuron.surrogate = .arctan
    // Without training, spikes that reach the last layer need a low threshold.
    recipe.neuron.threshold = 0.1
    change(&recipe)
    return LoadedNetwork(try recipe.build(seed: 1), recipe: recipe, path: "tiny")
  }

  static func run(
    _ loaded: LoadedNetwork, on dataset: ImageDataset = TinyJob.dataset,
    _ change: (inout CurvatureSettings) -> Void = { _ in }
  ) throws -> CurvatureResults {
    var settings = settings
    change(&settings)
    return try #require(try CurvatureJob(loaded, on: dataset, settings).run())
  }

  /// Rows ∂F_i/∂θ of the whole matrix, from the network's own forward pass in float64; no code of module Curvature.
  static func hessian(
    of loaded: LoadedNetwork, images: Tensor, labels: Tensor, loss: MeasuredLoss = .meanLogits
  ) throws -> Tensor {
    let network = try loaded.recipe.build(seed: 0)
    try network.load(loaded.network.weights.map { $0.detached().copied() })
    network.convert(to: .float64)
    let parameters = network.parameters.tensors
    let value = withGradients {
      var pass = ForwardPass(.evaluation)
      let logits = network(loaded.recipe.encoder(images.converted(to: .float64), &pass), &pass)
      let steps = logits.size(0)
      guard loss != .meanLogits else { return logits.mean(along: [0]).crossEntropy(labels) }
      let sum = (0..<steps).reduce(Tensor(0.0)) { $0 + logits[$1].crossEntropy(labels) }
      return loss == .summed ? sum : sum / Double(steps)
    }
    let gradients = try vectorJacobianProduct(
      outputs: [value], inputs: parameters, vectors: nil, createGraph: true)
    let flat = Tensor.concatenating(gradients.map { $0.reshaped([-1]) })
    let rows = try (0..<flat.count).map { index in
      let row = try vectorJacobianProduct(
        outputs: [flat[index]], inputs: parameters, vectors: nil, retainGraph: true)
      return Tensor.concatenating(row.map { $0.reshaped([-1]) })
    }
    return Tensor.stacking(rows)
  }

  static func largest(_ differences: DeterminismProbe.Differences) -> Double {
    max(differences.loss, differences.gradient, differences.product)
  }

  /// The five of the largest magnitude.
  static func top(_ matrix: Tensor) throws -> [Double] {
    Array(
      try matrix.symmetricEigenDecomposition().values.scalars(of: Double.self)
        .sorted { abs($0) > abs($1) }.prefix(5))
  }

  static func expectClose(
    _ found: [Double], _ expected: [Double], to tolerance: Double = 1e-7,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (a, b) in zip(found, expected) {
      #expect(
        abs(a - b) <= tolerance * abs(expected[0]), "\(found) \(expected)",
        sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: MeasuredLoss.allCases)
  func `every batch has the top eigenvalues of its own Hessian`(loss: MeasuredLoss) throws {
    let loaded = try Self.network()
    let results = try Self.run(loaded) { $0.loss = loss }
    let inference = try #require(results.inferences.first)
    #expect(inference.batches.count == 2 && inference.product == .transposedJacobian)
    for (index, batch) in inference.batches.enumerated() {
      let range = index * 7..<index * 7 + 7
      let matrix = try Self.hessian(
        of: loaded, images: TinyJob.dataset.images(at: range),
        labels: TinyJob.dataset.labels(at: range), loss: loss)
      #expect(matrix.size(0) == results.parameters)
      Self.expectClose(batch.eigenvalues.map(\.value), try Self.top(matrix))
      #expect(batch.converged == 5 && batch.residual <= 1e-8 * abs(batch.eigenvalues[0].value))
      #expect(batch.products > 5 && batch.images == 7)
    }
    // A silent network answers alike for all classes; this one does not.
    #expect(abs(inference.batches[0].loss - log(4)) > 1e-3, "\(inference.batches[0].loss)")
    // In float64 the Jacobian of the surrogate gradient is symmetric, and the network repeats itself.
    #expect(inference.asymmetry.value < 1e-12)
    #expect(Self.largest(inference.repeatability) == 0)
    #expect(loaded.network.parameters.tensors.allSatisfy { $0.dtype == .float32 })
  }

  /// Catches a mean of eigenvalues where the eigenvalues of the mean are asked for.
  @Test func `as a whole, the matrix is the mean of the batches' own`() throws {
    let loaded = try Self.network()
    let whole = try Self.run(loaded) { $0.isWhole = true }
    let matrix = try Self.hessian(
      of: loaded, images: TinyJob.dataset.images(at: 0..<14),
      labels: TinyJob.dataset.labels(at: 0..<14))
    let batch = try #require(whole.inferences[0].batches.first)
    #expect(whole.inferences[0].batches.count == 1 && batch.images == 14)
    Self.expectClose(batch.eigenvalues.map(\.value), try Self.top(matrix))
  }

  /// x + ε sign ∇ₓ of the true label's loss, by hand.
  @Test func `under FGSM the curvature is that of the attacked images with their true labels`()
    throws
  {
    let loaded = try Self.network()
    let results = try Self.run(loaded) {
      $0.inferences = [.clean, .fgsm, .pgd]
      $0.batches = 1
    }
    #expect(results.inferences.map(\.kind) == [.clean, .fgsm, .pgd])
    let labels = TinyJob.dataset.labels(at: 0..<7)
    let images = TinyJob.dataset.images(at: 0..<7).requiringGradient()
    let gradient = withGradients {
      loaded.classifier()(images).crossEntropy(labels).gradients(of: [images])[0]
    }
    let attacked = (images.detached() + gradient.sign() * Self.epsilon).clamped(0, 1)
    let matrix = try Self.hessian(of: loaded, images: attacked, labels: labels)
    let fgsm = results.inferences[1]
    Self.expectClose(fgsm.batches[0].eigenvalues.map(\.value), try Self.top(matrix), to: 1e-6)
    #expect(fgsm.attack == .fgsm(epsilon: Self.epsilon))
    // The paper's PGD: seven steps of 0.01 from a random start.
    #expect(
      results.inferences[2].attack
        == .pgd(
          epsilon: Self.epsilon, stepSize: 0.01, steps: 7, restarts: 1, randomStart: true))
    let losses = results.inferences.map { $0.batches[0].loss }
    #expect(losses[0] < losses[1] && losses[0] < losses[2], "\(losses)")
  }

  @Test func `Gauss–Newton, other orders and power iteration are what they say`() throws {
    let loaded = try Self.network()
    let range = 0..<7
    let matrix = try Self.hessian(
      of: loaded, images: TinyJob.dataset.images(at: range),
      labels: TinyJob.dataset.labels(at: range))
    let all = try matrix.symmetricEigenDecomposition().values.scalars(of: Double.self)
    let algebraic = try Self.run(loaded) {
      $0.batches = 1
      $0.order = .algebraic
      $0.count = 3
    }.inferences[0].batches[0]
    Self.expectClose(
      algebraic.eigenvalues.map(\.value), Array(all.sorted(by: >).prefix(3)))
    let power = try Self.run(loaded) {
      $0.batches = 1
      $0.count = 1
      $0.solver = .powerIteration
      $0.tolerance = 1e-6
    }.inferences[0].batches[0]
    Self.expectClose(power.eigenvalues.map(\.value), [try Self.top(matrix)[0]], to: 1e-3)
    let gaussNewton = try Self.run(loaded) {
      $0.batches = 1
      $0.product = .gaussNewton
    }.inferences[0]
    #expect(gaussNewton.product == .gaussNewton && gaussNewton.negatives == 0)
    #expect(
      gaussNewton.notPublished == "the paper's are of the Hessian, not of the Gauss–Newton matrix")
  }

  /// The draws are fixed by the seed, so that products repeat themselves.
  @Test func `a rate-coded network is measured at one draw, which the seed says`() throws {
    let loaded = try Self.network { $0.coding = .rate }
    let change = { (settings: inout CurvatureSettings) in
      settings.batches = 1
      settings.seed = 3
    }
    let (first, second) = (try Self.run(loaded, change), try Self.run(loaded, change))
    #expect(Self.largest(first.inferences[0].repeatability) == 0)
    #expect(
      first.inferences[0].batches[0].eigenvalues == second.inferences[0].batches[0].eigenvalues)
    let other = try Self.run(loaded) {
      $0.batches = 1; $0.seed = 4
    }
    #expect(first.inferences[0].batches[0].loss != other.inferences[0].batches[0].loss)
    #expect(CurvatureWords.notes(of: first).contains { $0.hasPrefix("Rate coding draws") })
  }

  /// A bias of 1000 for the class of every image: loss 0, and no curvature left in float32.
  @Test func `a loss of exactly 0 has eigenvalues 0 and no share`() throws {
    let loaded = try Self.network()
    let weights = loaded.network.weights
    let bias = try #require(weights["classifier.1.bias"])
    try loaded.network.load(
      NamedTensors(
        weights.map { name, tensor in
          (name, name == "classifier.1.bias" ? Tensor([Float(1000), 0, 0, 0]) : tensor.detached())
        }))
    #expect(bias.count == 4)
    let same = try ImageDataset(
      [
        "images": TinyJob.dataset.images(at: 0..<7),
        "labels": Tensor([Int](repeating: 0, count: 7)),
      ], from: "memory", name: "same", split: .test, classes: 4)
    let results = try Self.run(loaded, on: same) {
      $0.batches = 1
      $0.precision = .float32
      $0.density = .init(steps: 5, vectors: 1)
      $0.traceProducts = 6
    }
    let inference = results.inferences[0]
    #expect(inference.isFlat && inference.share == nil && inference.signedShare == nil)
    #expect(inference.batches[0].eigenvalues.count == 5 && inference.asymmetry.value == 0)
    #expect(inference.trace?.value == 0)
    #expect(CurvatureWords.notes(of: results).contains { $0.contains("there is no share") })
    _ = try results.html(vegaBundle: ReportPageTests.bundle)
  }

  @Test func `what does not fit the data or the network is refused before anything runs`() throws {
    let loaded = try Self.network()
    let parameters = loaded.network.parameters.tensors.reduce(0) { $0 + $1.count }
    func message(_ change: (inout CurvatureSettings) -> Void) -> String? {
      do {
        _ = try Self.run(loaded, change)
        return nil
      } catch { return "\(error)" }
    }
    #expect(
      message { $0.batches = 4 }
        == "--batches: expected 4 of --batch-size 7, found 22 images in quarters; ask for fewer or "
        + "smaller ones")
    #expect(message { $0.batchSize = Int.max } != nil)
    #expect(
      message {
        $0.count = parameters + 1; $0.maximumProducts = 10_000
      }
        == "--count: expected at most \(parameters), the number of parameters, found "
        + "\(parameters + 1)")
    #expect(
      message { $0.inferences = [] }
        == "--inference: expected clean, fgsm or pgd, found none; name one or more")
  }
}
