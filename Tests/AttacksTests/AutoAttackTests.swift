import Attacks
import Testing
import Torch

@Suite struct AutoAttackTests {
  /// arXiv 2003.01690 and pyautoattack's `_set_version`. Catches another order, and the budgets of torchattacks' class of
  /// that name (10 steps, all other classes as targets, a compressed schedule).
  @Test func `the standard version is the published one`() throws {
    for threat in [ThreatModel.linf(8 / 255), .l2(0.5)] {
      let suite = AutoAttack.standard(threat)
      #expect(suite.name == "AutoAttack" && suite.threat == threat)
      #expect(suite.attacks.map(\.name) == ["APGD-CE", "APGD-T", "FAB-T", "Square"])
      #expect(suite.attacks.allSatisfy { $0.threat == threat })
      let apgd = try #require(suite.attacks[1] as? TargetedAPGD)
      #expect(apgd.steps == 100 && apgd.targets == 9 && apgd.restarts == 1)
      let fab = try #require(suite.attacks[2] as? TargetedFAB)
      #expect(fab.steps == 100 && fab.targets == 9 && fab.restarts == 1)
      let square = try #require(suite.attacks[3] as? Square)
      #expect(square.queries == 5000 && square.initialShare == 0.8 && square.restarts == 1)
      #expect(!square.rescalesSchedule)
    }
  }

  @Test func `the random version is the published one`() {
    let suite = AutoAttack.rand(.linf(8 / 255))
    #expect(suite.name == "AutoAttack rand")
    #expect(suite.attacks.map(\.name) == ["EOT-20 APGD-CE", "EOT-20 APGD-DLR"])
  }

  /// A wrong attack in the middle would hide behind the others: each must have its turn on the survivors.
  @Test func `only survivors go on, in order`() throws {
    let model = TanhModel(pixels: 16, hidden: 12, classes: 10, seed: 2)
    let images = pictures([30, 1, 4, 4], classes: 10, seed: 3).images
    let labels = model(images).argmax(along: 1)
    var sizes: [Int] = []
    let suite = AutoAttack.standard(.linf(0.03), steps: 4, targets: 2, queries: 12)
    let result = try suite.run(
      images, labels: labels,
      against: {
        sizes.append($0.size(0))
        return model($0)
      }, using: Generator(seed: 1))
    let broken = fooled({ model($0) }, result.adversarial, labels).count { $0 }
    #expect((3..<30).contains(broken))
    #expect(sizes.last! <= 30 - broken + 1)
    #expect(result.report.classifierCalls == sizes.count)
  }

  /// Whether or not an image is left when the attack's turn comes. Catches an index out of range, as in the original, and an
  /// error that depends on the images.
  @Test func `too few classes are an error that says what to use`() throws {
    for (classes, epsilon) in [(2, 0.01), (3, 0.01), (2, 1.0), (3, 1)] {
      let model = LinearModel(classes: classes, pixels: 16, seed: 1)
      let images = pictures([4, 1, 4, 4], classes: classes, seed: 2).images
      let labels = model(images).argmax(along: 1)
      func complaint(_ suite: AttackSequence) -> String? {
        message { () throws(AttackError) in
          _ = try suite(
            images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
        }
      }
      let threat = ThreatModel.linf(epsilon)
      #expect(
        complaint(AutoAttack.standard(threat, steps: 3, queries: 3))
          == "logits: expected at least 4 classes for AutoAttack, found \(classes); "
          + "use AutoAttack untargeted")
      #expect(
        complaint(AutoAttack.rand(threat, steps: 3, draws: 2))
          == (classes == 3
            ? nil
            : "logits: expected at least 3 classes for AutoAttack rand, found 2; "
              + "use APGD-CE and APGD-margin"))
      #expect(complaint(AutoAttack.untargeted(threat, steps: 3, queries: 3)) == nil)
    }
  }

  @Test func `the untargeted version breaks what a linear model lets it break`() throws {
    let model = LinearModel(classes: 2, pixels: 16, seed: 5)
    let images = pictures([40, 1, 4, 4], classes: 2, seed: 6, in: 0.4...0.6).images
    let labels = model(images).argmax(along: 1)
    let found = try AutoAttack.untargeted(.linf(0.02), steps: 20, queries: 30)(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
    let best = images + model.ascent(labels).sign().reshaped(images.shape) * 0.02
    let expected = fooled({ model($0) }, best, labels)
    #expect(fooled({ model($0) }, found, labels) == expected)
    #expect(expected.contains(true) && expected.contains(false))
  }
}

@Suite struct AutoAttackWarningTests {
  @Test func `repeated passes that differ are random`() {
    let logits = [[1.0, 2], [3, -1]]
    func warning(_ second: [[Double]], correct: Int = 2) -> AutoAttackWarning? {
      .ofRandomness([(2, logits), (correct, second), (2, logits)])
    }
    #expect(warning(logits) == nil)
    #expect(warning(logits, correct: 1) == .randomized)
    // Of length √5: 3e-4 of 2.236 is 1.3e-4, 2e-4 is 0.9e-4. The scale of the logits does not count.
    #expect(warning([[1 + 3.5e-4, 2], [3, -1]]) == .randomized)
    #expect(warning([[1 + 2e-4, 2], [3, -1]]) == nil)
    #expect(warning([[1000, 2000], [3, -1]]) == nil)
    #expect(AutoAttackWarning.ofRandomness([]) == nil)
  }

  @Test func `probabilities are not logits`() {
    #expect(AutoAttackWarning.ofOutputs([[0.2, 0.8], [1, 0]]) == .probabilities)
    #expect(AutoAttackWarning.ofOutputs([[0.2, 0.8], [1.1, -0.1]]) == nil)
    #expect(AutoAttackWarning.ofOutputs([[0.2, 0.8], [0.5, 0.4]]) == nil)
    #expect(AutoAttackWarning.ofOutputs([]) == nil)
  }

  @Test func `Square that helps by more than 0.2 points is a sign`() {
    #expect(AutoAttackWarning.ofSquare(before: 0.5, after: 0.4985) == nil)
    guard case .squareHelped(let share)? = AutoAttackWarning.ofSquare(before: 0.5, after: 0.49)
    else {
      Issue.record("no warning")
      return
    }
    #expect(abs(share - 0.01) < 1e-12)
    #expect(AutoAttackWarning.squareHelped(share: share).description.contains("by 1.0 points"))
  }

  @Test func `classes are counted for the loss and the targets`() {
    func warning(_ classes: Int, _ loss: AttackLoss, targets: Int = 0) -> AutoAttackWarning? {
      .ofClasses(classes, attack: "A", loss: loss, targets: targets)
    }
    let targeted = AttackLoss.targetedLogitRatio(targets: Tensor([0]))
    #expect(warning(2, .logitRatio) == .tooFewClasses(attack: "A", needed: 3, found: 2))
    #expect(warning(3, .logitRatio) == nil && warning(2, .margin) == nil)
    #expect(warning(3, targeted) == .tooFewClasses(attack: "A", needed: 4, found: 3))
    #expect(warning(9, targeted, targets: 9) == .tooFewClasses(attack: "A", needed: 10, found: 9))
    #expect(warning(10, targeted, targets: 9) == nil)
  }

  @Test func `zero gradients at the start are counted`() throws {
    let images = Tensor.full(0.5, shape: [2, 4])
    let result = try FAB(.linf(0.1), steps: 2).run(
      images, labels: Tensor([0, 0]),
      against: {
        let zero = $0.sum(along: [1], keeping: true) * 0
        return Tensor.concatenating([zero + 1, zero], along: 1)
      }, using: Generator(seed: 0))
    #expect(AutoAttackWarning.ofGradients(result.report) == .zeroGradients(images: 2))
    #expect(AutoAttackWarning.ofGradients(AttackReport()) == nil)
    for warning in [AutoAttackWarning.randomized, .probabilities, .zeroGradients(images: 2)] {
      #expect(warning.description.contains(";"))
    }
  }
}
