import Testing
import Torch

@testable import Attacks

@Suite struct RobustnessAuditTests {
  let models = PlantedModels()
  static let epsilon = 0.1

  /// Every part filled, small.
  static func plan(_ epsilon: Double = epsilon) -> AuditPlan {
    .standard(epsilon: epsilon, effort: .quick)
  }

  private func audit(
    _ make: @escaping () -> Classifier, on batches: [LabeledImages]? = nil,
    _ change: (inout AuditSubject, inout AuditPlan) -> Void = { _, _ in }
  ) throws -> AuditReport {
    nonisolated(unsafe) let make = make
    var subject = AuditSubject { make() }
    var plan = Self.plan()
    change(&subject, &plan)
    return try RobustnessAudit(plan)(subject, on: batches ?? models.batches)
  }

  /// Also the other side of every threshold in what follows.
  @Test func `an honest network raises no flag`() throws {
    let report = try audit({ models.honest.callAsFunction }) { subject, _ in
      let other = TanhModel(pixels: 16, hidden: 8, seed: 8, scale: 0.7)
      subject.substitutes = [
        GradientSource(name: "another", isSubstitute: true) { other.callAsFunction }
      ]
      let honest = models.honest
      subject.surrogates = [GradientSource(name: "the same") { honest.callAsFunction }]
    }
    #expect(report.raised.isEmpty, "\(report.raised)")
    #expect(
      report.flags.allSatisfy { [.clear, .seen].contains($0.state) || $0.check == .blockedLayers })
    #expect(report.verdict.kind == .believable)
    // Neither trivially robust nor trivially broken, or nothing could have been seen.
    let worst = try #require(report.worstCase)
    #expect((10..<110).contains(worst.successes), "\(worst)")
    #expect(report.clean.successes == 120 && report.images == 120)
    #expect(worst.successes <= (try #require(report.ownGradient)).successes)
  }

  /// Catches scores of a single draw: every pair of attacks would then disagree on images near a boundary.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `an honest network with noise is stochastic and nothing else`(seed: UInt64) throws {
    let report = try audit({ models.noisy(Generator(seed: seed), 0.1) })
    let found = report.flags.map { "\($0.check) \($0.state) \($0.count.successes) \($0.detail)" }
    #expect(report.raised.map(\.check) == [.stochastic], "\(found)")
    #expect(report.draws == 10 && report.verdict.kind == .believable)
    #expect((10..<110).contains(try #require(report.worstCase).successes))
  }

  /// Catches comparisons that chance is allowed to explain away.
  @Test func `noise does not hide a gradient that leads away`() throws {
    let report = try audit {
      let generator = Generator(seed: 1)
      return {
        models.reversed($0 + Tensor.normal($0.shape, standardDeviation: 0.1, using: generator))
      }
    }
    let found = report.flags.map { "\($0.check) \($0.state) \($0.count.successes) \($0.detail)" }
    #expect(
      Set(report.raised.map(\.check)).isSuperset(of: [.stochastic, .blackBox, .randomSampling]),
      "\(found)")
    #expect(report.verdict.kind == .masked)
  }

  /// Turns every third image x into 1 − x, or none.
  private struct EveryThird: Attack {
    let name: String
    let threat: ThreatModel
    let remainder: Int

    func perturb(
      _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
    ) throws(AttackError) -> Tensor {
      let chosen = Tensor((0..<images.size(0)).map { $0 % 3 == remainder ? 1.0 : 0 } as [Double])
        .converted(to: images.dtype).reshaped([-1, 1, 1, 1])
      return images * (1 - chosen) + (1 - images) * chosen
    }
  }

  /// Catches a worst case that forgets the smaller balls of the sweep, or counts the larger ones.
  @Test func `the worst case holds what the sweep found at smaller ε, and not at larger`() throws {
    let sign: Classifier = { images in
      let z = images.mean(along: [1, 2, 3]).unsqueezed(1) - 0.5
      return Tensor.concatenating([-z, z], along: 1)
    }
    let none = EveryThird(name: "none", threat: .linf(0.9), remainder: 3)
    var plan = AuditPlan(
      threat: .linf(0.9), oneStep: none, iterative: none, zeroBudget: FGSM(epsilon: 1e-6))
    plan.sweep = [
      EveryThird(name: "smaller", threat: .linf(0.899), remainder: 0),
      EveryThird(name: "larger", threat: .linf(1), remainder: 1),
    ]
    nonisolated(unsafe) let classifier = sign
    // 1 − x lies within every ball.
    let images = Tensor.full(0.3, shape: [30, 1, 4, 4], dtype: .float32)
    let report = try RobustnessAudit(plan)(
      AuditSubject { classifier },
      on: [LabeledImages(images: images, labels: classifier(images).argmax(along: 1))])
    #expect(report.clean.successes == 30)
    #expect(report.worstCase?.successes == 20 && report.ownGradient?.successes == 20)
  }

  /// Catches scores that follow the attack's batches: an image would be scored among as many as are attacked.
  @Test func `images are scored in batches of the data's size, at their own places`() throws {
    nonisolated(unsafe) var sizes: Set<Int> = []
    let none = EveryThird(name: "none", threat: .linf(1), remainder: 3)
    let honest = models.honest
    // Every second label is wrong, so that fewer images are attacked than stand in a batch.
    let labels = Tensor(
      models.labels.scalars(of: Int.self).enumerated().map { $0 % 2 == 0 ? $1 : ($1 + 1) % 3 })
    let data = LabeledImages(images: models.images, labels: labels)
    let audited = try AuditedImages(
      [0..<50, 50..<100, 100..<120].map {
        LabeledImages(images: data.images[$0], labels: data.labels[$0])
      },
      {
        sizes.insert($0.size(0))
        return honest($0)
      }, passes: 1, seed: 0)
    #expect(sizes == [50, 20] && audited.count == 60 && audited.total == 120)
    sizes = []
    _ = try audited.outcome(of: none) { _ in }
    #expect(sizes == [50, 20])
    #expect(audited.batches.map { $0.images.size(0) } == [25, 25, 10])
  }

  /// Checks that name a cause: only a fault of that kind may raise them. The others are symptoms, of which masked
  /// gradients may show any.
  static let causes: Set<AuditCheck> = [
    .zeroGradients, .blockedLayers, .lossOfPrecision, .leakedState, .stochastic, .batchDependence,
    .softmaxOutput, .quantizedInput, .clampedInput, .zeroBudget,
  ]

  /// The flags that must be raised for a fault; none at all where there are none here.
  struct Planted: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let make: @Sendable (PlantedModels) -> Classifier
    let flags: Set<AuditCheck>
    let kind: AuditVerdict.Kind

    init(
      _ name: String, _ flags: Set<AuditCheck>, _ kind: AuditVerdict.Kind,
      _ make: @escaping @Sendable (PlantedModels) -> Classifier
    ) {
      testDescription = name
      self.make = make
      self.flags = flags
      self.kind = kind
    }

    static let all: [Planted] = [
      // Images whose loss is 0 stand still: the margin, Square and noise do not.
      Planted("logits × 1000", [.lossOfPrecision, .otherLoss], .masked) { $0.saturated(1000) },
      Planted("logits × 2", [], .believable) { $0.saturated(2) },
      Planted(
        "a gradient that leads away",
        [.blackBox, .unbounded, .randomSampling, .square], .masked
      ) { $0.reversed },
      Planted(
        "a gradient that is right at the images alone", [.oneStep], .masked
      ) { $0.rightAtImagesOnly },
      Planted(
        "pixels rounded to 8 levels",
        [.blackBox, .unbounded, .randomSampling, .zeroGradients, .square, .quantizedInput], .masked
      ) { $0.quantized(8, straightThrough: false) },
      Planted("pixels rounded to 256 levels, straight through", [], .believable) {
        $0.quantized(256, straightThrough: true)
      },
      Planted("a clamp after normalisation", [.clampedInput], .invalid) { $0.clamped },
      Planted("batch norm in training mode", [.batchDependence], .invalid) { $0.batchwise },
      Planted("probabilities", [.softmaxOutput], .loose) { models in
        { models.honest($0).softmax() }
      },
    ]
  }

  @Test(arguments: Planted.all)
  func `a planted fault raises its own flags and names no other cause`(_ planted: Planted) throws {
    let classifier = planted.make(models)
    let report = try audit(
      { planted.make(models) }, on: models.batches(labeledBy: classifier))
    let raised = Set(report.raised.map(\.check))
    let found = report.flags.map { "\($0.check) \($0.state) \($0.count.successes) \($0.detail)" }
    #expect(raised.isSuperset(of: planted.flags), "\(found)")
    #expect(raised.intersection(Self.causes) == planted.flags.intersection(Self.causes), "\(found)")
    #expect(!planted.flags.isEmpty || raised.isEmpty, "\(found)")
    #expect(report.verdict.kind == planted.kind)
  }

  /// Fools by chance: an image becomes 1 − x, of another class, in one of three draws.
  private struct Dice: Attack {
    let name = "dice"
    let threat = ThreatModel.linf(1)

    func perturb(
      _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
    ) throws(AttackError) -> Tensor {
      let drawn = Tensor.uniform([images.size(0), 1, 1, 1], using: generator)
      return Tensor.select((drawn .< 1.0 / 3).expanded(to: images.shape), 1 - images, images)
    }
  }

  /// Catches starts that repeat the first one's numbers, attack what is fooled already, or are all counted.
  @Test func `every further start meets what is left, with numbers of its own`() throws {
    let sign: Classifier = { images in
      let z = images.mean(along: [1, 2, 3]).unsqueezed(1) - 0.5
      return Tensor.concatenating([-z, z], along: 1)
    }
    var plan = AuditPlan(
      threat: .linf(1), oneStep: FGSM(epsilon: 1), iterative: Dice(),
      zeroBudget: FGSM(epsilon: 1e-6))
    plan.restarts = 4
    nonisolated(unsafe) let classifier = sign
    nonisolated(unsafe) var seen: [RobustnessAudit.Progress] = []
    let report = try RobustnessAudit(plan, seed: 5)(
      AuditSubject { classifier }, on: models.batches(labeledBy: sign)
    ) { seen.append($0) }
    let starts = report.outcomes.filter { $0.name.hasPrefix("dice") }
    #expect(starts.map(\.name) == ["dice", "dice, start 2", "dice, start 3", "dice, start 4"])
    for image in 0..<120 { #expect(starts.count { $0.fooled[image] } <= 1) }
    // 120 images: 40, 27, 18 and 12 are expected; four standard deviations.
    for (outcome, expected) in zip(starts, [(19...61), (8...46), (2...35), (1...26)]) {
      #expect(expected.contains(outcome.fooledCount), "\(starts.map(\.fooledCount))")
    }
    #expect(report[.restarts].count.successes == starts[3].fooledCount)
    #expect(report[.restarts].isRaised && report[.moreSteps].state == .notMeasured)
    #expect(seen.map(\.part) == Array(1...6) && seen.allSatisfy { $0.parts == 6 })
  }

  /// Changes nothing and remembers the first number that each run draws.
  private struct Recorder: Attack {
    let name = "recorder"
    let threat = ThreatModel.linf(1)
    let seen: @Sendable (Double) -> Void

    func perturb(
      _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
    ) throws(AttackError) -> Tensor {
      seen(Tensor.uniform([1], using: generator).item())
      return images
    }
  }

  /// Catches starts of one seed: where nothing is fooled, each would be the first again.
  @Test func `no two starts draw the same numbers`() throws {
    nonisolated(unsafe) var drawn: [Double] = []
    var plan = AuditPlan(
      threat: .linf(1), oneStep: FGSM(epsilon: 1), iterative: Recorder { drawn.append($0) },
      zeroBudget: FGSM(epsilon: 1e-6))
    plan.restarts = 5
    let honest = models.honest
    _ = try RobustnessAudit(plan)(
      AuditSubject { honest.callAsFunction }, on: [models.batches[0]])
    #expect(drawn.count == 5 && Set(drawn).count == 5)
  }

  @Test func `the announced number of attacks is the number that runs`() throws {
    nonisolated(unsafe) var last: RobustnessAudit.Progress?
    let honest = models.honest
    var subject = AuditSubject { honest.callAsFunction }
    subject.surrogates = [GradientSource(name: "a") { honest.callAsFunction }]
    subject.substitutes = [GradientSource(name: "b", isSubstitute: true) { honest.callAsFunction }]
    var plan = Self.plan()
    plan.acrossSurrogates = APGD(plan.threat, steps: 3)
    let report = try RobustnessAudit(plan)(subject, on: [models.batches[0]]) { last = $0 }
    #expect(last?.part == last?.parts && last?.parts == report.outcomes.count)
  }

  @Test func `no image, and no image that is right, leave nothing to believe`() throws {
    let none = try audit({ models.honest.callAsFunction }, on: [])
    #expect(none.verdict.kind == .empty && none.images == 0 && none.worstCase == nil)
    let wrong = LabeledImages(
      images: models.images, labels: ((models.labels + 1) .== 3).converted(to: .int64))
    let classifier = models.honest
    let labels = classifier(models.images).argmax(along: 1)
    let rows = (.!(labels .== wrong.labels)).trueIndices()
    let report = try audit(
      { classifier.callAsFunction },
      on: [
        LabeledImages(images: models.images.gathering(rows), labels: wrong.labels.gathering(rows))
      ])
    #expect(report.verdict.kind == .empty && report.clean.successes == 0)
  }

  @Test func `a classifier that is cut from the graph is a flag, not an error`() throws {
    let report = try audit { { models.honest($0).detached() } }
    #expect(report[.zeroGradients].isRaised && report.verdict.kind == .masked)
    #expect(report.outcomes.isEmpty)
  }
}
