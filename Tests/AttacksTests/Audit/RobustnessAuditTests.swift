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
}
