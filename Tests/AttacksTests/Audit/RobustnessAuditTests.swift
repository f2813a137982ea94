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
    #expect(report.flags.allSatisfy { [.clear, .seen].contains($0.state) || $0.check == .blockedLayers })
    #expect(report.verdict.kind == .believable)
    // Neither trivially robust nor trivially broken, or nothing could have been seen.
    #expect((10..<110).contains(report.worstCase.successes), "\(report.worstCase)")
    #expect(report.clean.successes == 120 && report.images == 120)
    #expect(report.worstCase.successes <= report.ownGradient.successes)
  }
}
