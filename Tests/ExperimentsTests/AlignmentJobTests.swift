import Curvature
import Datasets
import Layers
import Spiking
import TestSupport
import Testing
import Torch

@testable import Experiments

/// What is said of the alignment of a network's gradients.
@Suite struct AlignmentJobTests {
  private static func job(threshold: Double = 0.5) throws -> AlignmentJob {
    let recipe = try StepsJobTests.recipe { $0.neuron.threshold = threshold }
    let network = try recipe.build(seed: 3)
    try StepsTraining().prepare(network, recipe, on: StepsJobTests.data, seed: 0)
    return AlignmentJob(
      LoadedNetwork(network, recipe: recipe, path: "some"), on: StepsJobTests.data.prefix(6))
  }

  private static func results(threshold: Double) throws -> AlignmentResults {
    try #require(try job(threshold: threshold).run())
  }

  @Test func `a job that is stopped has the means over the batches before, and says so`() throws {
    var job = try Self.job()
    job.batchSize = 2
    var done = 0
    let results = try #require(
      try job.run(shouldStop: { done == 4 }) {
        done = $0; _ = $1
      })
    var first = AlignmentJob(job.loaded, on: job.dataset.prefix(4))
    first.batchSize = 2
    let expected = try #require(try first.run())
    #expect(results.layers == expected.layers && results.images == expected.images)
    #expect(results.imagesMeasured == 4 && !results.isComplete && expected.isComplete)
    #expect(
      results.sentences[0] == "stopped after 4 of 6 images: the rest is in none of the means")
    #expect(!expected.sentences.contains { $0.hasPrefix("stopped") })
    #expect(try job.run(shouldStop: { true }) == nil)
  }

  @Test(arguments: MeasuredLoss.allCases)
  func `every layer's sum is its gradient of the loss asked for`(loss: MeasuredLoss) throws {
    var job = try Self.job()
    job.loss = loss
    let results = try #require(try job.run())
    let (network, encoder) = (job.loaded.network, job.loaded.recipe.encoder)
    let (images, labels) = (job.dataset.images(at: 0..<6), job.dataset.labels(at: 0..<6))
    var pass = ForwardPass(.evaluation)
    let logits = network(encoder(images, &pass), &pass)
    let sum = (0..<logits.size(0)).map { logits[$0].crossEntropy(labels) }
      .reduce(Tensor(Float(0)), +)
    let value =
      switch loss {
      case .meanLogits: logits.mean(along: [0]).crossEntropy(labels)
      case .eachStep: sum / Double(logits.size(0))
      case .summed: sum
      }
    let gradients = value.gradients(of: network.parameters)
    for layer in results.layers {
      let expected = try #require(gradients[layer.name]).norm().item()
      #expect(expected > 0)
      expectClose(layer.alignment.norm, expected, relative: 1e-3)
    }
    let parts = network.stepwiseGradients(
      encoder, images: images, labels: labels, loss: { loss($0, $1) })
    #expect(results.images == GradientAlignment.Images(parts[0].ofInput()))
  }

  /// Neurons that emit nothing pass no gradient to a weight: its absence is no finding about alignment.
  @Test func `weights without any gradient are counted and named`() throws {
    let silent = try Self.results(threshold: 50)
    let names = silent.layers.map(\.name).joined(separator: ", ")
    #expect(
      silent.sentences.contains {
        $0.hasPrefix("4 of 4 weights have no gradient at any step") && $0.hasSuffix(names)
      })
    let spiking = try Self.results(threshold: 0.5)
    #expect(spiking.layers.allSatisfy { $0.alignment.norm > 0 })
    #expect(!spiking.sentences.contains { $0.contains("no gradient at any step") })
  }

  /// NaN fits in no record: it is better said of which weight.
  @Test func `a gradient that is not finite is an error that names the weight`() throws {
    let loaded = try StepsJobTests.explosive()
    var recipe = loaded.recipe
    recipe.activation = .relu
    recipe.neuron = NeuronRecipe()
    let network = try recipe.build(seed: 0)
    try network.load(loaded.network.weights.map { $0.detached() })
    let job = AlignmentJob(
      LoadedNetwork(network, recipe: recipe, path: "some"), on: StepsJobTests.data.prefix(6))
    let error = #expect(throws: CurvatureError.self) { _ = try job.run() }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.hasPrefix("gradient of '"), "\(text)")
    #expect(text.contains("': expected finite numbers, found NaN or infinity"))
  }

  @Test func `without a script the page says what is missing`() throws {
    let page = try Self.results(threshold: 0.5).html(vegaBundle: VegaBundle.load())
    #expect(page.contains("The charts need JavaScript; the tables do not."))
  }
}
