import Attacks
import Testing
import Torch

/// Counts what is made and asked of a source.
private final class Ledger: @unchecked Sendable {
  var made = 0
  /// For every classifier that was made, how often it was called.
  var calls: [Int] = []
}

@Suite struct GradientSourceTests {
  let model = TanhModel(pixels: 6, classes: 4, seed: 1)
  let images: Tensor
  let labels: Tensor

  init() {
    images = pictures([12, 6], classes: 4, seed: 2).images
    labels = model(images).argmax(along: 1)
  }

  private func source(
    _ ledger: Ledger = Ledger(), isSubstitute: Bool = false,
    _ classifier: @escaping @Sendable (Tensor) -> Tensor
  ) -> GradientSource {
    GradientSource(name: "view", isSubstitute: isSubstitute) {
      let index = ledger.made
      ledger.made += 1
      ledger.calls.append(0)
      return { images in
        ledger.calls[index] += 1
        return classifier(images)
      }
    }
  }

  static let attacks: [any Attack] = [
    FGSM(epsilon: 0.1), RFGSM(epsilon: 0.1), BIM(epsilon: 0.1), MIFGSM(epsilon: 0.1),
    PGD(.linf(0.1), stepSize: 0.03, steps: 4), APGD(.linf(0.1), steps: 6),
    APGD(.linf(0.1), loss: .logitRatio, steps: 6), TargetedAPGD(.linf(0.1), steps: 6),
    SAPGD(.linf(0.1), steps: 6),
  ]

  /// Catches an attack that ignores the source, and one that wraps its values in another rounding.
  @Test(arguments: attacks)
  func `the classifier itself as a source changes nothing`(attack: any Attack) throws {
    let model = model
    let through = AttackThroughSource(attack, through: source { model($0) })
    let plain = try attack.run(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 3))
    let other = try through.run(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 3))
    #expect(through.name == "\(attack.name) through view")
    #expect(other.adversarial.isIdentical(to: plain.adversarial))
    #expect(other.report == plain.report)
  }

  /// A source may remember the iterations of a run: it is made anew for every run of every attack. Catches an attack
  /// that does not say when it begins.
  @Test(
    arguments: [
      (PGD(.linf(1e-4), stepSize: 1e-5, steps: 4, restarts: 3), 3, 4),
      (APGD(.linf(1e-4), steps: 6, restarts: 3), 3, 7),
      (APGD(.linf(1e-4), loss: .margin, steps: 6), 1, 7),
      (SAPGD(.linf(1e-4), steps: 6, restarts: 2), 2, 7),
      (TargetedAPGD(.linf(1e-4), steps: 6, restarts: 2), 6, 7),
      (FGSM(epsilon: 1e-4), 1, 1), (RFGSM(epsilon: 1e-4), 1, 1),
      (MIFGSM(epsilon: 1e-4, steps: 5), 1, 5), (BIM(epsilon: 1e-4, stepSize: 1e-5, steps: 3), 1, 3),
      (AttackSequence(name: "two", [FGSM(epsilon: 1e-4), FGSM(epsilon: 1e-4)]), 2, 1),
    ] as [(any Attack, Int, Int)])
  func `every run has a fresh source`(row: (attack: any Attack, runs: Int, calls: Int)) throws {
    let (ledger, model) = (Ledger(), model)
    let through = AttackThroughSource(row.attack, through: source(ledger) { model($0) })
    _ = try through(images, labels: labels, against: { model($0) }, using: Generator(seed: 3))
    #expect(ledger.calls.filter { $0 > 0 } == Array(repeating: row.calls, count: row.runs))
    // One is made when the source is lent. An attack that began its run with it would inherit what another left there.
    #expect(ledger.made == row.runs + 1)
  }

  /// Catches a memory that is moved by every draw, and noise that is the same in every run.
  @Test(arguments: [true, false])
  func `a source is told the draws of an iteration, and a seed of its own for every run`(
    outside: Bool
  ) throws {
    final class Told: @unchecked Sendable { var runs: [GradientSource.Run] = [] }
    let model = model
    func told(_ seed: UInt64) throws -> [GradientSource.Run] {
      let told = Told()
      let source = GradientSource(name: "view") { run in
        told.runs.append(run)
        return { model($0) }
      }
      let pgd = PGD(.linf(1e-4), stepSize: 1e-5, steps: 2, restarts: 3)
      let attack: any Attack =
        outside
        ? ExpectationOverTransformation(AttackThroughSource(pgd, through: source), draws: 4)
        : AttackThroughSource(ExpectationOverTransformation(pgd, draws: 4), through: source)
      _ = try attack(images, labels: labels, against: { model($0) }, using: Generator(seed: seed))
      return told.runs
    }
    let first = try told(3)
    #expect(first.count == 4 && first.dropFirst().allSatisfy { $0.draws == 4 })
    #expect(Set(first.map(\.seed)).count == 4)
    #expect(try told(3) == first)
    #expect(Set(first.map(\.seed)).isDisjoint(with: try told(4).map(\.seed)))
    // To look at what a generator would draw is not to draw it.
    let (looked, untouched) = (Generator(seed: 5), Generator(seed: 5))
    _ = try AttackThroughSource(
      FGSM(epsilon: 0.1), through: GradientSource(name: "o") { { model($0) } })(
        images, labels: labels, against: { model($0) }, using: looked)
    #expect(
      Tensor.uniform([3], using: looked).isIdentical(to: Tensor.uniform([3], using: untouched)))
  }

  /// Gradients from the substitute, losses and decisions from the classifier: on a classifier that never errs an
  /// attack through one that always errs finds nothing; and the other way round it finds what the classifier sees.
  @Test(
    arguments: [
      APGD(.linf(0.2), steps: 6, restarts: 2), SAPGD(.linf(0.2), steps: 6, restarts: 2),
      PGD(.linf(0.2), stepSize: 0.05, steps: 6, restarts: 2),
      AttackSequence(name: "one", [FGSM(epsilon: 0.2)]),
    ] as [any Attack])
  func `a substitute's values never decide`(attack: any Attack) throws {
    let model = LinearModel(classes: 2, pixels: 6, seed: 4)
    let labels = model(images).argmax(along: 1)
    func run(_ shift: Double) throws -> (AttackResult, AttackResult) {
      // The same gradient directions, another decision: the substitute always or never errs.
      let towardsLabel = Tensor.select(
        (labels .== 0).unsqueezed(1), Tensor([1.0, -1]), Tensor([-1.0, 1]))
      let biased = source(isSubstitute: true) { images in
        let logits = model(images)
        return images.size(0) == 12 ? logits + towardsLabel * shift : logits
      }
      let through = try AttackThroughSource(attack, through: biased).run(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 5))
      let plain = try attack.run(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 5))
      return (through, plain)
    }
    for shift in [-6.0, 6] {
      let (through, plain) = try run(shift)
      #expect(difference(through.adversarial, plain.adversarial) < 1e-12)
      #expect(
        through.report.gradientEvaluations.map(\.images)
          == plain.report.gradientEvaluations.map(\.images))
      // One more pass for each gradient, and it is reported.
      #expect(
        through.report.classifierCalls
          == plain.report.classifierCalls + plain.report.gradientEvaluations.count)
    }
  }

  /// Catches a source that outlives its attack: scores after it, or the next attack of a sequence.
  @Test func `a source is gone after its attack`() throws {
    let (ledger, model) = (Ledger(), model)
    let sequence = AttackSequence(
      name: "two",
      [
        AttackThroughSource(FGSM(epsilon: 1e-4), through: source(ledger) { model($0) }),
        PGD(.linf(1e-4), stepSize: 1e-4, steps: 3),
      ])
    _ = try sequence(images, labels: labels, against: { model($0) }, using: Generator(seed: 3))
    #expect(ledger.calls.reduce(0, +) == 1)
  }
}
