import Attacks
import Testing
import Torch

/// An attack that returns whatever it is told to.
private struct Broken: Attack {
  var threat = ThreatModel.linf(0.1)
  let change: @Sendable (Tensor) -> Tensor
  var name: String { "Broken" }

  func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor { change(images) }
}

/// No attack's word is taken: the output is measured.
@Suite struct PromiseTests {
  /// Three images of two pixels.
  let images = Tensor([0.5 as Float, 0.5, 0.05, 0.5, 1, 0], shape: [3, 2])

  private func outcome(
    _ threat: ThreatModel = .linf(0.1), _ change: @escaping @Sendable (Tensor) -> Tensor
  ) -> AttackError? {
    do {
      _ = try Broken(threat: threat, change: change)(
        images, labels: Tensor([0, 0, 0]), against: { $0 }, using: Generator(seed: 0))
      return nil
    } catch { return error }
  }

  private func violations(_ error: AttackError?) -> [Int]? {
    guard case .brokenPromise("Broken", _, let broken) = error else { return nil }
    return [broken.images, broken.nonFinite, broken.outsidePixelRange, broken.outsideBall]
  }

  @Test func `an honest output passes`() {
    #expect(outcome { $0 } == nil)
    #expect(outcome { ($0 + 0.1).clamped(0, 1) } == nil)
    #expect(outcome { ($0 - 0.1).clamped(0, 1) } == nil)
  }

  /// Catches checks of the batch's extremes only, of one side only, and NaN, to which every comparison is
  /// false.
  @Test func `violations are counted by image`() {
    #expect(violations(outcome { $0 - 0.08 }) == [3, 0, 2, 0])
    #expect(violations(outcome { $0 + 0.08 }) == [3, 0, 1, 0])
    #expect(violations(outcome { ($0 + 0.11).clamped(0, 1) }) == [3, 0, 0, 3])
    #expect(violations(outcome { ($0 - 0.11).clamped(0, 1) }) == [3, 0, 0, 3])
    let hole = Tensor([.nan as Float, 0, 0, 0, 0, 0], shape: [3, 2])
    #expect(violations(outcome { $0 + hole }) == [3, 1, 0, 0])
    #expect(violations(outcome { $0 + hole + 0.2 }) == [3, 1, 1, 2])
    let beyond = Tensor([0 as Float, 0, -.infinity, 0, 0, 0], shape: [3, 2])
    #expect(violations(outcome { $0 + beyond }) == [3, 1, 1, 1])
  }

  @Test func `L2 is measured image by image`() {
    let diagonal = Tensor([-0.08 as Float, -0.08, 0.02, 0.02, -0.05, 0.05], shape: [3, 2])
    #expect(violations(outcome(.l2(0.1)) { $0 + diagonal }) == [3, 0, 0, 1])
    #expect(outcome(.l2(0.12)) { $0 + diagonal } == nil)
  }

  /// The stated tolerance, and no more.
  @Test func `rounding is forgiven, cheating is not`() {
    #expect(outcome { ($0 + 0.1000005).clamped(0, 1) } == nil)
    #expect(violations(outcome { ($0 + 0.100002).clamped(0, 1) }) == [3, 0, 0, 3])
    #expect(ThreatModel.linf(0.1).tolerance(for: images) == 1e-6)
    #expect(ThreatModel.linf(0.1).tolerance(for: images.converted(to: .float64)) == 1e-12)
    #expect(ThreatModel.l2(0.1).tolerance(for: Tensor.zeros([9, 4, 4])) == 4e-6)
  }

  @Test func `another shape or type is withheld`() {
    #expect(
      outcome { $0[0..<2] }?.description
        == "output of Broken: expected float32 [3, 2] on cpu, found float32 [2, 2] on cpu; this is a "
        + "fault of the attack, its result is withheld")
    #expect(outcome { $0.converted(to: .float64) } != nil)
  }

  @Test func `the message has the counts`() {
    #expect(
      outcome { $0 * 0 }?.description
        == "output of Broken: expected finite pixels in [0, 1] within L∞ 0.1, found of 3 images 0 not "
        + "finite, 0 outside [0, 1], 3 outside the ball (largest distance 1.0); this is a fault of the "
        + "attack, its result is withheld")
  }
}
