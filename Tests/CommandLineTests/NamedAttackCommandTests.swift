import Attacks
import Experiments
import Foundation
import Spiking
import TestSupport
import Testing
import Torch

/// `attack --attack NAME`: every name is the attack that it says, with the numbers that it was given.
@Suite struct NamedAttackCommandTests {
  /// Options, and the attack that they ought to make.
  struct Row: Sendable, CustomTestStringConvertible {
    let options: String
    let attack: any Attack

    init(_ options: String, _ attack: any Attack) {
      self.options = options
      self.attack = attack
    }

    var testDescription: String { options }
  }

  static let l2 = ThreatModel.l2(1)
  static let linf = ThreatModel.linf(0.2)

  static let signed: [Row] = [
    Row("fgsm", FGSM(epsilon: 0.2)),
    Row("r-fgsm", RFGSM(epsilon: 0.2)),
    Row("bim --steps 3", BIM(epsilon: 0.2, steps: 3)),
    Row("mi-fgsm --steps 3 --step-size 0.1", MIFGSM(epsilon: 0.2, stepSize: 0.1, steps: 3)),
    Row("sa-pgd --steps 4", SAPGD(linf, steps: 4)),
    Row("pgd --steps 2", PGD(linf, stepSize: 2.0 / 255, steps: 2)),
    Row(
      "pgd --norm l2 --steps 2 --step-size 0.4 --no-random-start",
      PGD(l2, stepSize: 0.4, steps: 2, start: .image)),
  ]
  static let adaptive: [Row] = [
    Row("apgd-ce --steps 3 --restarts 2", APGD(linf, steps: 3, restarts: 2)),
    Row("apgd-dlr --steps 3 --norm l2", APGD(l2, loss: .logitRatio, steps: 3)),
    Row("apgd-t --steps 3", TargetedAPGD(linf, steps: 3)),
    Row("fab --steps 3 --norm l2", FAB(l2, steps: 3)),
    Row("fab-t --steps 3 --restarts 2", TargetedFAB(linf, steps: 3, restarts: 2)),
  ]
  static let others: [Row] = [
    Row("square --queries 12 --norm l2", Square(l2, queries: 12)),
    Row("autoattack --steps 3 --queries 9", AutoAttack.standard(linf, steps: 3, queries: 9)),
    Row(
      "autoattack-rand --steps 3 --draws 2 --norm l2", AutoAttack.rand(l2, steps: 3, draws: 2)),
    Row(
      "gaussian --samples 3 --noise-deviation 0.1",
      RandomNoise(linf, .gaussian(standardDeviation: 0.1), samples: 3)),
    Row("uniform --samples 3", RandomNoise(linf, .uniform, samples: 3)),
    Row("corner --samples 3 --norm l2", RandomNoise(l2, .corner, samples: 3)),
  ]

  @Test func `every name has a row`() {
    let names = (Self.signed + Self.adaptive + Self.others).map {
      String($0.options.prefix { $0 != " " })
    }
    #expect(Set(names) == Set(AttackName.allCases.map(\.rawValue)))
  }

  @Test(arguments: signed + adaptive + others)
  func `a name is the attack that it says`(_ row: Row) throws {
    try Workplace.with(trained: true) { place in
      _ = try place.check(row.options, row.attack) { $0 }
    }
  }

  @Test(arguments: ["bptr", "mix", "assg-0.85", "conversion-rectifier"])
  func `gradients are those of the view`(_ name: String) throws {
    try Workplace.with(trained: true) { place in
      let network = try place.network("run")
      let view = try #require(NamedGradientView.named(name))
      let encoder = network.recipe.encoder
      let source = GradientSource(name: name, isSubstitute: view.changesForward) {
        network.network.classifier(encoder, averaging: view.views())
      }
      let pgd = PGD(Self.linf, stepSize: 0.1, steps: 3)
      let options = "pgd --steps 3 --step-size 0.1"
      let own = try place.adversarial(options + " --epsilon 0.2")
      let through = try place.check(options + " --through " + name, pgd) {
        AttackThroughSource($0, through: source)
      }
      #expect(!(own .== through).allTrue())
    }
  }

  @Test func `images are made on the network that --from names`() throws {
    try Workplace.with(trained: true) { place in
      try place.succeed(
        "train \(Workplace.data) \(Workplace.testData) \(Workplace.network) --batch-size 8 --epochs 2 "
          + "--crop 1 --no-flip --seed 9 --out twin")
      let twin = try place.network("twin")
      let pgd = PGD(Self.linf, stepSize: 0.1, steps: 3)
      let source = GradientSource(name: "twin", isSubstitute: true) { twin.classifier() }
      let options = "pgd --steps 3 --step-size 0.1"
      let own = try place.adversarial(options + " --epsilon 0.2")
      let transferred = try place.check(options + " --from twin", pgd) {
        Transfer($0, from: source)
      }
      #expect(!(own .== transferred).allTrue())
      // A view is then the substitute's.
      let view = try #require(NamedGradientView.named("bptr"))
      let encoder = twin.recipe.encoder
      let viewed = GradientSource(name: "twin through bptr", isSubstitute: true) {
        twin.network.classifier(encoder, averaging: view.views())
      }
      _ = try place.check(options + " --from twin --through bptr", pgd) {
        Transfer($0, from: viewed)
      }
    }
  }

  /// A view's memory moves once an iteration, not once a draw.
  @Test func `draws are averaged`() throws {
    try Workplace.with(trained: true) { place in
      let pgd = PGD(Self.linf, stepSize: 2.0 / 255, steps: 3)
      let view = try #require(NamedGradientView.named("assg-0.85"))
      let network = try place.network("run")
      let encoder = network.recipe.encoder
      let source = GradientSource(name: view.name) {
        network.network.classifier(encoder, averaging: view.views(drawsPerIteration: 3))
      }
      _ = try place.check("pgd --steps 3 --draws 3 --through assg-0.85", pgd) {
        ExpectationOverTransformation(AttackThroughSource($0, through: source), draws: 3)
      }
    }
  }

  @Test func `the views are listed with name, gradient and source`() throws {
    try Workplace.with { place in
      let text = try place.succeed("attack --list-views")
      let lines = text.split(separator: "\n")
      for view in NamedGradientView.catalogue {
        #expect(
          lines.contains {
            $0.hasPrefix("  \(view.name) ") && $0.contains(view.summary)
              && $0.hasSuffix(view.source)
          }, "\(view.name)")
      }
      #expect(lines.count == NamedGradientView.catalogue.count + 2)
    }
  }
}

extension Workplace {
  func network(_ run: String) throws -> LoadedNetwork {
    try LoadedNetwork(checkpoint: path("\(run)/checkpoints/last.safetensors"))
  }

  /// What the command makes of the first twelve images.
  func adversarial(_ options: String) throws -> Tensor {
    try succeed(
      "attack run \(Self.data) --limit 12 --seed 5 --save-adversarial a.safetensors --json r.json "
        + "--attack " + options)
    return try #require(tensors("a.safetensors")["adversarial"])
  }

  /// Expects the images and the record of that attack.
  func check(
    _ options: String, _ attack: any Attack, _ wrapped: (any Attack) -> any Attack
  ) throws -> Tensor {
    let found = try adversarial(options + " --epsilon \(attack.threat.epsilon)")
    let (images, labels) = try (
      tensors("data.safetensors")["images"]!, tensors("data.safetensors")["labels"]!
    )
    let classifier = try network("run").classifier(seed: 5)
    let expected = wrapped(attack)
    let truth = try expected(
      images[0..<12], labels: labels[0..<12], against: classifier, using: Generator(seed: 5))
    #expect((found .== truth).allTrue(), "\(options)")
    #expect(attack.threat.epsilon == 0 || !(found .== images[0..<12]).allTrue())
    let record = try json("r.json", as: AttackCommandTests.Record.self)
    #expect(record.underAttack.attack == expected.name)
    #expect(record.underAttack.epsilon == attack.threat.epsilon)
    let still = withoutGradients {
      (classifier(images[0..<12]).argmax(along: 1) .== labels[0..<12])
        .& (classifier(truth).argmax(along: 1) .== labels[0..<12])
    }
    #expect(record.underAttack.score == Score(correct: Int(still.sum().item()), total: 12))
    return found
  }
}
