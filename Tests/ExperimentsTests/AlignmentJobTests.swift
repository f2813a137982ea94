import Datasets
import Testing

@testable import Experiments

/// What is said of the alignment of a network's gradients.
@Suite struct AlignmentJobTests {
  private static func results(threshold: Double) throws -> AlignmentResults {
    let recipe = try StepsJobTests.recipe { $0.neuron.threshold = threshold }
    let network = try recipe.build(seed: 3)
    try StepsTraining().prepare(network, recipe, on: StepsJobTests.data, seed: 0)
    return try AlignmentJob(
      LoadedNetwork(network, recipe: recipe, path: "some"), on: StepsJobTests.data.prefix(6)
    ).run()
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

  @Test func `without a script the page says what is missing`() throws {
    let page = try AlignmentPage(
      Self.results(threshold: 0.5), vegaBundle: VegaBundle.load()
    ).html()
    #expect(page.contains("The charts need JavaScript; the tables do not."))
  }
}
