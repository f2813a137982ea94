import Datasets
import Foundation
import Layers
import Models
import Spiking
import TestSupport
import Testing
import Torch
import Training

@testable import Attacks
@testable import Experiments

/// What the suite consists of. That its attacks are right is their own tests' matter.
@Suite struct SpikeAutoAttackTests {
  static func loaded(
    _ path: String, _ change: (inout NetworkRecipe) -> Void = { _ in }
  ) throws -> LoadedNetwork {
    var recipe = TinyJob.network
    change(&recipe)
    let file = path + "/network.safetensors"
    try Safetensors.write(recipe.build(seed: 1).weights.map { $0.detached() }, to: file)
    return try LoadedNetwork(weights: file, recipe: recipe)
  }

  private func stages(
    _ effort: EvaluationRecipe.Effort, _ change: (inout NetworkRecipe) -> Void = { _ in },
    twin: Bool = false, _ threat: ThreatModel = .linf(0.1)
  ) throws -> [AttackStage] {
    try withTemporaryDirectory { path in
      let network = try Self.loaded(path, change)
      let suite = SpikeAutoAttack(
        threat, effort: effort, on: network,
        substitutes: twin ? [Substitute(name: "twin", network)] : [])
      let stages = suite.stages(suite.candidates)
      for stage in stages {
        let attack = stage.attack
        #expect(attack.threat == threat)
        try attack.checkSettings()
      }
      return stages
    }
  }

  static let order = [
    "ASSG + SA-PGD", "surrogate ensemble", "AutoAttack", "transfer", "Square", "random corners",
    "random points",
  ]

  @Test(arguments: [EvaluationRecipe.Effort.quick, .standard, .full])
  func `stages come by yield, and only the last need no gradient`(
    effort: EvaluationRecipe.Effort
  ) throws {
    let stages = try stages(effort, twin: true)
    var names: [String] = []
    for stage in stages where names.last != stage.name { names.append(stage.name) }
    #expect(names == Self.order)
    #expect(
      stages.filter { !$0.usesGradients }.map(\.name) == [
        "Square", "random corners", "random points",
      ])
    let transfers = stages.filter { $0.name == "transfer" }.map(\.attack.name)
    #expect(transfers.contains { $0.hasSuffix("from twin") })
    #expect(transfers.contains { $0.hasSuffix("from conversion-rectifier") })
  }

  /// Catches an attack of one norm only, whose settings would end the evaluation before its first image.
  @Test(arguments: [EvaluationRecipe.Effort.quick, .standard, .full])
  func `in L2 APGD takes the place of SA-PGD`(effort: EvaluationRecipe.Effort) throws {
    let stages = try stages(effort, twin: true, .l2(0.5))
    var names: [String] = []
    for stage in stages where names.last != stage.name { names.append(stage.name) }
    #expect(names == ["ASSG + APGD"] + Self.order.dropFirst())
    let adaptive = stages.filter { $0.name == "ASSG + APGD" }.map(\.attack.name)
    #expect(adaptive.contains { $0.hasPrefix("APGD-CE") && $0.contains("through assg-0.85") })
    #expect(adaptive.contains { $0.hasPrefix("APGD-DLR") && $0.contains("through assg-0.85") })
  }

  @Test func `the standard effort holds AutoAttack's standard composition`() throws {
    let stages = try stages(.standard)
    let parts = stages.filter { $0.name == "AutoAttack" }.map(\.attack.name)
    #expect(
      parts == [
        "APGD-CE through own", "APGD-T (3 targets) through own",
        "FAB-T through own",
      ])
    let ten = try self.stages(.standard) { $0.classes = 10 }
    #expect(
      ten.filter { $0.name == "AutoAttack" }.map(\.attack.name) == [
        "APGD-CE through own", "APGD-T through own", "FAB-T through own",
      ])
    #expect(stages.contains { ($0.attack as? Square)?.queries == 5000 })
  }

  /// Catches twins that are transferred from alone, and a schedule that a short search does not see the end of.
  @Test(arguments: [EvaluationRecipe.Effort.quick, .standard, .full])
  func `twins lend their gradients, and a short Square runs its whole schedule`(
    effort: EvaluationRecipe.Effort
  ) throws {
    let stages = try stages(effort)
    let ensemble = stages.filter { $0.name == "surrogate ensemble" }.map(\.attack)
    let twins = ensemble.compactMap { ($0 as? AttackThroughSource)?.source }
      .filter(\.isSubstitute).map(\.name)
    #expect(Set(twins) == (effort == .quick ? [] : ["conversion-rectifier", "conversion-clip"]))
    let square = try #require(stages.compactMap { $0.attack as? Square }.first)
    #expect(square.rescalesSchedule == (effort == .quick))
  }

  @Test(arguments: [(2, "margin"), (3, "DLR"), (4, "DLR")])
  func `losses and targets are those that so many classes allow`(
    classes: Int, loss: String
  ) throws {
    let names = try stages(.standard) { $0.classes = classes }.map(\.attack.name)
    #expect(names.contains { $0.hasPrefix("APGD-\(loss) (50 steps) through triangle") })
    #expect(names.contains { $0.hasPrefix("APGD-T") } == (classes >= 4))
    #expect(names.contains { $0.hasPrefix("FAB-T") })
    #expect(!names.contains { $0.hasPrefix("APGD-\(loss == "DLR" ? "margin" : "DLR")") })
  }

  @Test func `a network that does not spike has no views and no twin`() throws {
    let stages = try stages(.full) { $0.activation = .relu }
    #expect(Set(stages.map(\.name)) == ["AutoAttack", "Square", "random corners", "random points"])
  }

  /// Catches a memory that moves with every draw of an average, and noise that is alike in every run.
  @Test func `a view's memory moves once an iteration, and its noise is the run's`() throws {
    try withTemporaryDirectory { path in
      let images = TinyJob.dataset.images(at: 0..<4)
      func gradients(
        _ source: GradientSource, draws: Int, told: Int? = nil, seed: UInt64 = 0, calls: Int
      ) throws -> [Tensor] {
        let classifier = source.makeClassifier(.init(draws: told ?? draws, seed: seed))
        return try (0..<calls).map { call in
          // An attack moves the images from iteration to iteration.
          let input = (images * (1 - 0.1 * Double(call / draws))).requiringGradient()
          let loss = withGradients { classifier(input).squared().sum() }
          return try vectorJacobianProduct(outputs: [loss], inputs: [input], vectors: nil)[0]
        }
      }
      let adaptive = try #require(NamedGradientView.named("assg-0.85"))
      let direct = try Self.loaded(path) { $0.neuron.threshold = 0.1 }.source(adaptive)
      let single = try gradients(direct, draws: 1, calls: 3)
      let triple = try gradients(direct, draws: 3, calls: 9)
      #expect(try !gradients(direct, draws: 3, told: 1, calls: 9)[8].isIdentical(to: triple[8]))
      for call in 0..<9 { #expect(triple[call].isIdentical(to: single[call / 3])) }

      let random = try Self.loaded(path) {
        $0.coding = .rate
        $0.neuron.threshold = 0.1
      }
      let noisy = random.source(try #require(NamedGradientView.named("triangle-1.0")))
      let first = try gradients(noisy, draws: 1, seed: 5, calls: 1)[0]
      #expect(first.magnitude().max().item() > 0)
      #expect(try gradients(noisy, draws: 1, seed: 5, calls: 1)[0].isIdentical(to: first))
      #expect(try !gradients(noisy, draws: 1, seed: 6, calls: 1)[0].isIdentical(to: first))
    }
  }

  @Test func `more effort is more attacks, and each view occurs once`() throws {
    try withTemporaryDirectory { path in
      let network = try Self.loaded(path)
      var last: Set<String> = []
      for effort in [EvaluationRecipe.Effort.quick, .standard, .full] {
        let suite = SpikeAutoAttack(.linf(0.1), effort: effort, on: network)
        let names = suite.candidates.map(\.name)
        #expect(Set(names).count == names.count && names.first == "own")
        #expect(last.isSubset(of: names), "\(last.subtracting(names))")
        #expect(!names.contains { $0.hasPrefix("conversion") || $0.hasPrefix("assg") })
        last = Set(names)
      }
    }
  }

  /// The oracle is the definition: of views that share a rank the catalogue's first, of others the one that left less.
  @Test func `views are ranked by what survived them`() throws {
    try withTemporaryDirectory { path in
      var recipe = EvaluationRecipe(.linf, epsilon: 0.1)
      recipe.effort = .quick
      let job = EvaluationJob(try Self.loaded(path), on: TinyJob.dataset, recipe)
      let plan = EvaluationPlan(job)
      var ledger = EvaluationLedger(
        .init(
          recipe: recipe, network: "", data: .init(TinyJob.dataset), originals: "", substitutes: []),
        threads: 1)
      for (view, left) in zip(plan.suite.candidates, [9, 5, 9, 3, 5, 22, 22, 22]) {
        ledger.finished.append(
          .init(plan.scoutingName(view), robust: Score(correct: left, total: 22)))
      }
      let session = EvaluationSession(
        job, ledger, [:], EvaluationStore(folder: try EvaluationFolder(path + "/e")),
        shouldStop: { false }, onEvent: { _ in })
      #expect(
        session.ranking(plan).map(\.view).prefix(5)
          == ["triangle-2.0", "triangle-0.5", "arctan-4", "own", "triangle-1.0"])
    }
  }

  @Test func `a second evaluation in the same folder is refused`() throws {
    try withTemporaryDirectory { path in
      let folder = try EvaluationFolder(path + "/e")
      let lock = try RunLock(folder)
      let job = EvaluationJob(
        try Self.loaded(path), on: TinyJob.dataset, EvaluationRecipe(.linf, epsilon: 0.1))
      let error = #expect(throws: UsageError.self) { _ = try job.run(in: folder) }
      #expect(
        error?.description
          == "\(path)/e: expected a folder that nobody evaluates in, found another evaluation at work there; "
          + "wait for it, or name another --out")
      withExtendedLifetime(lock) {}
    }
  }
}

extension MeasuredScore {
  fileprivate init(_ name: String, robust: Score) {
    self.init(
      name: name, clean: robust, robust: robust, seconds: 0,
      randomness: .init(images: 0, passes: 2, largestDifference: 0, changedPredictions: 0),
      draws: nil, fresh: nil)
  }
}
