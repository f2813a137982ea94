import Attacks
import Testing
import Torch

/// What APGD makes of its runs; SA-PGD shares these rules.
@Suite struct APGDRestartTests {
  let model = TanhModel(pixels: 4, classes: 3, seed: 3, scale: 3)
  let images: Tensor
  let labels: Tensor

  init() {
    images = pictures([40, 4], classes: 3, seed: 4).images
    labels = model(images).argmax(along: 1)
  }

  static let attacks: [@Sendable (Int) -> any Attack] = [
    { APGD(.linf(0.15), steps: 4, restarts: $0) },
    { APGD(.l2(0.3), loss: .logitRatio, steps: 4, restarts: $0) },
    { SAPGD(.linf(0.15), steps: 4, restarts: $0) },
  ]
  private static let losses: [AttackLoss] = [.crossEntropy, .logitRatio, .crossEntropy]

  /// From single runs that share one generator: the first that fools, else the highest loss. Catches fooled images that
  /// run again, rows written back to the wrong images, and a later run that overwrites a better one.
  @Test(arguments: 0..<3)
  func `keeps for each image what the single runs found`(index: Int) throws {
    let loss = Self.losses[index]
    for seed in 1...4 as ClosedRange<UInt64> {
      let generator = Generator(seed: seed)
      var best = (0..<40).map { images[$0] }
      var losses = try loss(model(images), labels).scalars(of: Double.self)
      var alive = Array(0..<40)
      for _ in 0..<3 {
        let rows = Tensor(alive)
        let theirs = labels.gathering(rows)
        let single = Self.attacks[index](1)
        let found = try single(
          images.gathering(rows), labels: theirs, against: { model($0) }, using: generator)
        let failed = fooled({ model($0) }, found, theirs)
        let reached = try loss(model(found), theirs).scalars(of: Double.self)
        for (position, row) in alive.enumerated()
        where failed[position] || reached[position] > losses[row] {
          best[row] = found[position]
          losses[row] = reached[position]
        }
        alive = zip(alive, failed).filter { !$1 }.map(\.0)
      }
      #expect(alive.count > 3 && alive.count < 37)
      let attack = Self.attacks[index](3)
      let found = try attack(
        images, labels: labels, against: { model($0) }, using: Generator(seed: seed))
      #expect(difference(found, Tensor.stacking(best)) < 1e-12)
    }
  }

  /// One score of the images, then in each run a gradient more than steps, of its survivors.
  @Test(arguments: 0..<3)
  func `later runs see survivors only`(index: Int) throws {
    var sizes: [Int] = []
    let attack = Self.attacks[index](3)
    _ = try attack.run(
      images, labels: labels,
      against: {
        sizes.append($0.size(0))
        return model($0)
      }, using: Generator(seed: 1))
    #expect(sizes.count == 1 + 3 * 5)
    #expect(sizes[0] == 40 && sizes[1] == 40)
    for run in 0..<3 { #expect(Set(sizes[1 + run * 5..<6 + run * 5]).count == 1) }
    #expect(sizes[6] < 40 && sizes[11] <= sizes[6])
  }

  /// Catches an error that is attacked, and so may be undone.
  @Test(arguments: 0..<3)
  func `images that are misclassified already are left alone`(index: Int) throws {
    let wrong = ((labels + 1).converted(to: .float64)).scalars(of: Double.self).map { Int($0) % 3 }
    let attack = Self.attacks[index](2)
    let result = try attack.run(
      images, labels: Tensor(wrong), against: { model($0) }, using: Generator(seed: 1))
    #expect(result.adversarial.isIdentical(to: images))
    #expect(result.report.classifierCalls == 1 && result.report.iterations == 0)
  }

  /// Catches an option that changes the outcome, or does not save anything.
  @Test func `a run may stop when all are fooled`() throws {
    let weak = images.gathering(Tensor(Array(0..<40)))
    func run(_ stops: Bool, epsilon: Double) throws -> AttackResult {
      try APGD(.linf(epsilon), steps: 30, restarts: 2, dropsFooledImages: stops).run(
        weak, labels: labels, against: { model($0) }, using: Generator(seed: 2))
    }
    for epsilon in [0.15, 1] {
      let (full, short) = (try run(false, epsilon: epsilon), try run(true, epsilon: epsilon))
      #expect(
        fooled({ model($0) }, full.adversarial, labels)
          == fooled({ model($0) }, short.adversarial, labels))
      let saved = short.report.classifierCalls < full.report.classifierCalls
      #expect(saved == (epsilon == 1))
    }
  }

  @Test func `settings that make no sense are refused`() {
    func complaint(_ attack: any Attack) -> String? {
      message { () throws(AttackError) in try attack.checkSettings() }
    }
    #expect(
      complaint(APGD(.linf(0.1), steps: 0))
        == "steps: expected at least 1, found 0; 100 is usual")
    #expect(
      complaint(SAPGD(.linf(0.1), restarts: 0))
        == "restarts: expected at least 1 run, found 0; 1 is a single run")
    #expect(
      complaint(APGD(.linf(0.1), rho: 1.5))
        == "ρ: expected 0 ... 1, found 1.5; 0.75 is the authors' choice")
    #expect(complaint(APGD(.linf(0.1), momentum: -.nan))?.hasPrefix("momentum: expected 0") == true)
    #expect(
      complaint(TargetedAPGD(.linf(0.1), targets: 0))
        == "targets: expected at least 1, found 0; 9 is usual")
    #expect(
      complaint(SAPGD(.l2(0.1)))
        == "threat model of SA-PGD-100: expected L∞, found L2 0.1; its step is clipped pixel by pixel: "
        + "use APGD for L2")
    #expect(
      complaint(MIFGSM(epsilon: 0.1, stepSize: 2))
        == "step size: expected 0 < α ≤ 1, found 2.0; α is in pixel units of [0, 1]: write 2/255, not 2"
    )
    #expect(complaint(MIFGSM(epsilon: 0.1, decay: -1))?.hasPrefix("decay: expected 0 ≤ μ") == true)
    #expect(
      complaint(RFGSM(epsilon: 0.1, randomStep: 0.2))
        == "random step: expected 0 ≤ α ≤ ε = 0.1, found 0.2; ε/2 is usual")
    #expect(
      complaint(RandomNoise(.linf(0.1), .uniform, samples: 0))
        == "samples: expected at least 1, found 0; 1000 is usual")
    #expect(
      complaint(RandomNoise(.linf(0.1), .gaussian(standardDeviation: 0)))
        == "standard deviation: expected 0 < σ, finite, found 0.0; σ is in pixel units of [0, 1]")
  }

  @Test func `names say what was done`() {
    let threat = ThreatModel.linf(0.1)
    #expect(APGD(threat).name == "APGD-CE")
    #expect(APGD(threat, loss: .logitRatio).name == "APGD-DLR")
    #expect(APGD(threat, loss: .margin, steps: 80, restarts: 5).name == "APGD-margin (80 steps) ×5")
    #expect(TargetedAPGD(threat).name == "APGD-T")
    #expect(
      TargetedAPGD(threat, steps: 50, targets: 3, restarts: 2).name
        == "APGD-T (50 steps, 3 targets) ×2")
    #expect(SAPGD(threat).name == "SA-PGD-100")
    #expect(
      SAPGD(threat, loss: .logitRatio, steps: 500, restarts: 3).name == "SA-PGD-500 DLR ×3")
    #expect(RandomNoise(threat, .corner, samples: 9).name == "corner noise ×9")
  }
}
