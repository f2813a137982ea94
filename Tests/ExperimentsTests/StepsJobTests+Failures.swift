import Curvature
import Datasets
import Foundation
import Layers
import Models
import Spiking
import Testing
import Torch

@testable import Experiments

/// Points that fail, and what no point could do without.
extension StepsJobTests {
  /// Spikes stop weights of 1e30 from multiplying; without them two layers overflow.
  static func explosive() throws -> LoadedNetwork {
    let recipe = try recipe()
    let network = try recipe.build(seed: 5)
    withoutGradients {
      for (name, weight) in network.weights where name.hasSuffix(".0.weight") {
        weight.detached().multiplyInPlace(by: 1e30)
      }
    }
    return LoadedNetwork(network, recipe: recipe, path: "some")
  }

  @Test func `a point that fails is there with its reason, and the others are as they were`()
    throws
  {
    let relu = StepsVariant(.relu, .direct, nil)
    let source = StepsSource.weights(try Self.explosive())
    var told: [Int] = []
    let job = Self.job(source, [relu, Self.bptt], losses: [.meanLogits, .eachStep])
    let results = try job.run(progress: { title, done, total in
      told.append(done)
      #expect(total == 6 && !title.isEmpty)
    })
    #expect(results.points.map(\.variant) == [Self.bptt, Self.bptt, Self.bptt, Self.bptt])
    #expect(
      results.points
        == (try Self.job(source, [Self.bptt], losses: [.meanLogits, .eachStep]).run().points))
    #expect(results.failures.map(\.loss) == [.meanLogits, .eachStep])
    #expect(results.failures.allSatisfy { $0.variant == relu && $0.steps == 1 })
    #expect(told.last == 6 && told == told.sorted())
    for (failure, note) in zip(results.failures, results.notes) {
      #expect(failure.reason.hasPrefix("loss: expected finite numbers, found NaN or infinity"))
      #expect(
        note == "failed, and in no fit: ReLU twin, direct coding, T = 1, \(failure.loss.rawValue): "
          + failure.reason)
    }
    #expect(try JSONDecoder().decode(StepsResults.self, from: results.json()) == results)
    #expect(try results.html(vegaBundle: VegaBundle.load()).contains("in no fit"))
  }

  @Test func `a training that diverges fails at every loss, and nothing else does`() throws {
    var training = StepsTraining()
    training.steps = 4
    training.recipe.batchSize = 8
    training.recipe.learningRate = 1e30
    let job = Self.job(
      .settings(try Self.recipe(), training), [StepsVariant(.relu, .direct, nil)],
      losses: [.meanLogits, .eachStep])
    let results = try job.run()
    #expect(results.points.isEmpty && results.fits.isEmpty && results.failures.count == 2)
    for failure in results.failures { #expect(failure.reason.hasSuffix("Lower the learning rate")) }
  }

  @Test func `training images that are missing are an error before any work`() throws {
    let job = StepsJob(
      try Self.settings(), [Self.bptt], steps: [1], losses: [.eachStep], on: Self.data.prefix(6))
    let error = #expect(throws: UsageError.self) {
      _ = try job.run(progress: { _, _, _ in Issue.record() })
    }
    #expect(error?.description.hasPrefix("training: expected training images") == true)
  }

  @Test func `a network that cannot be built is an error before any work`() throws {
    let recipe = try Self.recipe { $0.model = .vgg11 }
    let job = Self.job(.settings(recipe, StepsTraining()), [Self.bptt])
    #expect(throws: ModelError.self) {
      _ = try job.run(progress: { _, _, _ in Issue.record() })
    }
  }
}
