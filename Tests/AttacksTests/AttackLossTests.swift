import Attacks
import TestSupport
import Testing
import Torch

@Suite struct AttackLossTests {
  private struct Sample {
    let logits: Tensor
    let labels: Tensor
    let targets: Tensor

    init(_ rows: Int, classes: Int, seed: UInt64, dtype: DType = .float64) {
      let generator = Generator(seed: seed)
      logits = Tensor.normal([rows, classes], standardDeviation: 3, dtype: dtype, using: generator)
      let order = (0..<rows).map { _ in
        Tensor.permutation(classes, using: generator).scalars(of: Int.self)
      }
      labels = Tensor(order.map { $0[0] })
      targets = Tensor(order.map { $0[1] })
    }
  }

  /// Values and gradients by hand, with the label at every rank. Catches a rival that is the label itself, the
  /// second logit where the first was meant, the wrong members of the spread, a spread that is not differentiated.
  @Test(arguments: SlowAttackLoss.allCases, [4, 5, 10])
  func `equals the formula`(slow: SlowAttackLoss, classes: Int) throws {
    let sample = Sample(40, classes: classes, seed: UInt64(classes))
    let leaf = sample.logits.requiringGradient()
    let values = try slow.tensors(sample.targets)(leaf, sample.labels)
    let gradient = values.sum().gradients(of: [leaf])[0]
    var ranks: Set<Int> = []
    for row in 0..<40 {
      let z = sample.logits[row].scalars(of: Double.self)
      let y = Int(sample.labels[row].item())
      ranks.insert(z.count { $0 > z[y] })
      let expected = slow(z, label: y, target: Int(sample.targets[row].item()))
      #expect(abs(values[row].item() - expected.value) < 1e-9 * max(1, abs(expected.value)))
      let scale = expected.gradient.map(abs).max()!
      #expect(difference(gradient[row], Tensor(expected.gradient)) <= 1e-9 * max(1, scale))
    }
    #expect(ranks == Set(0..<classes))
    let single = Sample(40, classes: classes, seed: UInt64(classes), dtype: .float32)
    let inSingle = try slow.tensors(single.targets)(single.logits, single.labels)
    let inDouble = try slow.tensors(single.targets)(
      single.logits.converted(to: .float64), single.labels)
    #expect(inSingle.dtype == .float32 && inSingle.shape == [40])
    #expect(((inSingle - inDouble).magnitude() / (inDouble.magnitude() + 1)).max().item() < 1e-4)
  }

  /// The hand-derived gradients are those of the values. Catches an error in the oracle itself.
  @Test(arguments: SlowAttackLoss.allCases)
  func `the formula's gradient is its central difference`(slow: SlowAttackLoss) {
    let sample = Sample(20, classes: 6, seed: 3)
    for row in 0..<20 {
      let z = sample.logits[row].scalars(of: Double.self)
      let (y, t) = (Int(sample.labels[row].item()), Int(sample.targets[row].item()))
      let gradient = slow(z, label: y, target: t).gradient
      for i in z.indices {
        var (up, down) = (z, z)
        up[i] += 1e-6
        down[i] -= 1e-6
        let slope =
          (slow(up, label: y, target: t).value - slow(down, label: y, target: t).value) / 2e-6
        #expect(abs(slope - gradient[i]) < 1e-6 * max(1, abs(gradient[i])))
      }
    }
  }

  /// Catches a spread that is missing: then saturated logits would stop the attack.
  @Test func `the ratios do not know the logits' scale and offset`() throws {
    let sample = Sample(30, classes: 6, seed: 8)
    for loss in [AttackLoss.logitRatio, .targetedLogitRatio(targets: sample.targets)] {
      let values = try loss(sample.logits, sample.labels)
      let others = try loss(sample.logits * 1000 + 50, sample.labels)
      #expect(difference(values, others) < 1e-9)
    }
  }

  /// The dead zone of the published loss: it is part of the definition, not of this code.
  @Test func `the ratio has no gradient where the label is third`() throws {
    let leaf = Tensor([5.0, 3, 2, 1], shape: [1, 4]).requiringGradient()
    let loss = try AttackLoss.logitRatio(leaf, Tensor([2]))
    #expect(abs(loss.item() - 1) < 1e-9)
    #expect(loss.sum().gradients(of: [leaf])[0].magnitude().max().item() < 1e-9)
  }

  /// Positive exactly where the classifier errs. Catches a sign.
  @Test(arguments: SlowAttackLoss.allCases.filter { $0 == .margin || $0 == .logitRatio })
  func `is positive where the classifier errs`(slow: SlowAttackLoss) throws {
    let sample = Sample(60, classes: 5, seed: 9)
    let values = try slow.tensors(sample.targets)(sample.logits, sample.labels)
    let errs = .!(sample.logits.argmax(along: 1) .== sample.labels)
    #expect((values .> 0).isIdentical(to: errs))
  }

  @Test func `too few classes are refused`() {
    let targets = Tensor([1])
    for (loss, fewest) in [
      (AttackLoss.crossEntropy, 2), (.margin, 2), (.logitRatio, 3),
      (.targetedLogitRatio(targets: targets), 4),
    ] as [(AttackLoss, Int)] {
      #expect(loss.fewestClasses == fewest)
      func complaint(_ classes: Int) -> String? {
        message { () throws(AttackError) in
          _ = try loss(Tensor.zeros([1, classes]), Tensor([0]))
        }
      }
      #expect(complaint(fewest) == nil)
      guard fewest > 2 else { continue }
      #expect(
        complaint(fewest - 1)
          == "logits: expected at least \(fewest) classes for the loss \(loss.name), found "
          + "\(fewest - 1); use cross-entropy or the margin")
    }
  }
}
