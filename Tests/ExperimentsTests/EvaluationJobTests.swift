import Datasets
import Foundation
import Models
import Spiking
import TestSupport
import Testing
import Torch

@testable import Attacks
@testable import Experiments

@Suite struct EvaluationJobTests {
  /// Stopped after the suite's first chunk: gradients of means cost much.
  /// Catches a random network that is attacked and scored by single draws, and a file whose claim nobody can repeat.
  @Test func `a network that draws random numbers is noticed, and its claim can be checked`() throws
  {
    try withTemporaryDirectory { path in
      let network = try SpikeAutoAttackTests.loaded(path) {
        $0.coding = .rate
        $0.neuron.threshold = 0.1
      }
      let data = TinyJob.dataset.prefix(6)
      var recipe = EvaluationRecipe(.linf, epsilon: 0.2)
      recipe.effort = .quick
      recipe.batchSize = 6
      var suiteChunks = 0
      var isSuite = false
      let folder = try EvaluationFolder(path + "/e")
      let outcome = try EvaluationJob(network, on: data, recipe).run(
        in: folder,
        shouldStop: {
          suiteChunks += isSuite ? 1 : 0
          return suiteChunks == 2
        },
        onEvent: { event in
          if case .began(let title) = event { isSuite = title.hasPrefix("Suite") }
        })
      let results = outcome.results
      let suite = try #require(results.suite)
      #expect(results.status == .stopped && suite.randomness.isRandom)
      #expect(results.draws == 20 && results.passes == 10)
      #expect(results.warnings.contains(.randomized))
      #expect(suite.stages[0].attack.hasPrefix("EOT-20 SA-PGD-30 through assg-0.85"))
      #expect(results.robust == suite.fresh.map { Score($0.majorityVote) })
      #expect(suite.unfinishedStages.count >= suite.stages.count - 1)
      #expect(Set(results.unfinished) == Set(suite.unfinishedStages))
      let page = try results.html(vegaBundle: "vegaEmbed")
      #expect(page.contains("gradients are means over 20 draws"))
      #expect(page.contains("Not done to the end"))

      try #require(outcome.adversarial).write(to: folder.adversarial)
      let check = try AdversarialCheck(of: folder.adversarial, against: network, on: data)
      #expect(check.isSound && check.facts.passes == 10 && !check.facts.isComplete)
      #expect(check.robust == results.robust)
    }
  }

  /// Catches a table whose numbers are of a random network and do not say so.
  @Test func `a table without the suite says that the network is random`() throws {
    try withTemporaryDirectory { path in
      let network = try SpikeAutoAttackTests.loaded(path) {
        $0.coding = .rate
        $0.neuron.threshold = 0.1
      }
      var recipe = EvaluationRecipe(.linf, epsilon: 0.2)
      recipe.effort = .none
      recipe.sweeps = [.blackBox]
      let results = try EvaluationJob(network, on: TinyJob.dataset.prefix(3), recipe).run(
        in: EvaluationFolder(path + "/e")
      ).results
      #expect(results.status == .finished && results.suite == nil)
      #expect(results.randomness?.isRandom == true && results.draws == 20 && results.passes == 10)
      #expect(results.warnings == [.randomized])
      for row in results.blackBox {
        let passes = try #require(row.score.passes)
        #expect(passes.draws == 20 && passes.fresh.mean.images == 3)
        #expect(row.score.score == Score(passes.fresh.majorityVote))
      }
      let page = try results.html(vegaBundle: "vegaEmbed")
      #expect(page.contains("gradients are means over 20 draws") && page.contains("Warning: "))
    }
  }

  /// AutoAttack's conditions, on results made by hand.
  @Test func `warnings follow from the suite's stages`() {
    func stage(
      _ name: String, left: Int, gradients: Bool, zero: Int = 0
    ) -> WorstCaseResult.Stage {
      var report = AttackReport()
      if gradients { report.gradientEvaluations = [.init(images: 100, zeroGradients: zero)] }
      var cost = AttackCost()
      cost.add(report)
      return .init(
        name: name, attack: name, attacked: 100, broken: 0,
        robustAccuracy: .wilson(successes: left, trials: 1000), seconds: 0, cost: cost,
        zeroGradients: nil, isFinished: true)
    }
    func warnings(
      square: Int, zero: Int = 0, random: Double = 0, outputs: [Double] = [3, -1], classes: Int = 10
    ) -> [AutoAttackWarning] {
      let randomness = ClassifierRandomness(
        images: 5, passes: 5, largestDifference: random, changedPredictions: 0)
      let suite = WorstCaseResult(
        threat: .linf(0.1), seed: 0, labels: [], cleanPredictions: [],
        cleanAccuracy: .wilson(successes: 900, trials: 1000), cleanSeconds: 0,
        stages: [
          stage("first", left: 500, gradients: true, zero: zero),
          stage("Square", left: square, gradients: false),
        ], brokenBy: [], keptFrom: [], predictions: [], randomness: randomness, draws: nil,
        fresh: nil)
      return EvaluationWarnings(
        randomness: randomness, outputs: [outputs], classes: classes, suite: suite
      ).all
    }
    #expect(warnings(square: 500) == [] && warnings(square: 498) == [])
    guard case .squareHelped(let share)? = warnings(square: 497).first else {
      Issue.record("no warning of Square")
      return
    }
    #expect(abs(share - 0.003) < 1e-12)
    #expect(warnings(square: 500, zero: 7) == [.zeroGradients(images: 7)])
    #expect(warnings(square: 500, random: 0.1) == [.randomized])
    #expect(warnings(square: 500, outputs: [0.25, 0.75]) == [.probabilities])
    #expect(
      warnings(square: 500, classes: 3) == [.tooFewClasses(attack: "APGD-T", needed: 4, found: 3)])
  }

  /// The charts show the records' numbers and nothing else.
  @Test func `charts of an evaluation hold its numbers`() throws {
    try withTemporaryDirectory { path in
      var recipe = EvaluationRecipe(.linf, epsilon: 0.1)
      recipe.effort = .none
      recipe.sweeps = [.epsilon, .steps, .blackBox]
      let network = try SpikeAutoAttackTests.loaded(path)
      let data = TinyJob.dataset.prefix(4)
      let results = try EvaluationJob(network, on: data, recipe).run(
        in: EvaluationFolder(path + "/e")
      ).results
      #expect(results.status == .finished && results.unfinished.isEmpty)
      let charts = EvaluationCharts(results: results)
      #expect(charts.stages.isEmpty)
      for (charts, count) in [
        (charts.epsilonSweep, 18), (charts.stepSweep, 10), (charts.blackBox, 4),
      ] {
        let chart = try #require(charts.first)
        guard case .object(let body) = chart.specification,
          case .object(let values)? = body["data"], case .array(let points)? = values["values"]
        else {
          Issue.record("no values in \(chart.id)")
          continue
        }
        #expect(points.count == count)
      }
      let back = try JSONDecoder().decode(
        EvaluationResults.self,
        from: Data(contentsOf: URL(fileURLWithPath: path + "/e/results.json"))
      )
      #expect(back == results)
      // The same again: nothing is measured, everything is known.
      let again = try EvaluationJob(network, on: data, recipe).run(
        in: EvaluationFolder(path + "/e"), .resume,
        onEvent: { if case .counted = $0 { Issue.record("measured again") } }
      ).results
      #expect(again.epsilonSweep == results.epsilonSweep && again.blackBox == results.blackBox)
    }
  }

  @Test func `what does not fit together is refused before anything runs`() throws {
    try withTemporaryDirectory { path in
      let network = try SpikeAutoAttackTests.loaded(path)
      func refused(_ message: String, _ recipe: EvaluationRecipe) {
        let error = #expect(throws: UsageError.self) {
          _ = try EvaluationJob(network, on: TinyJob.dataset, recipe).run(
            in: EvaluationFolder(path + "/e"))
        }
        #expect(error?.description.hasPrefix(message) == true)
      }
      var sweep = EvaluationRecipe(.l2, epsilon: 0.5)
      sweep.sweeps = [.steps]
      refused("--sweep steps: expected --norm linf, found l2", sweep)
      var none = EvaluationRecipe(.linf, epsilon: 0.1)
      none.effort = .none
      refused("--effort none: expected a --sweep", none)
      refused("ε: expected 0 ≤ ε ≤ 1, found 8.0", EvaluationRecipe(.linf, epsilon: 8))
      let wide = try SpikeAutoAttackTests.loaded(path + "/e") { $0.imageSize = 16 }
      let error = #expect(throws: UsageError.self) {
        _ = try EvaluationJob(
          network, on: TinyJob.dataset, substitutes: [Substitute(name: "wide", wide)],
          EvaluationRecipe(.linf, epsilon: 0.1)
        ).run(in: EvaluationFolder(path + "/e"))
      }
      #expect(error?.description.contains("expected images of 1 × 16 × 16") == true)
    }
  }
}
