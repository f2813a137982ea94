import Attacks
import Testing
import Torch

@Suite struct TransferTests {
  let own = TanhModel(pixels: 6, classes: 4, seed: 1, scale: 3)
  let other = TanhModel(pixels: 6, classes: 4, seed: 2, scale: 3)
  let images: Tensor
  let labels: Tensor

  init() {
    images = pictures([20, 6], classes: 4, seed: 3).images
    labels = own(images).argmax(along: 1)
  }

  static let attacks: [any Attack] = [
    FGSM(epsilon: 0.2), PGD(.linf(0.2), stepSize: 0.05, steps: 5, restarts: 3),
    APGD(.linf(0.2), steps: 8, restarts: 2), TargetedAPGD(.l2(0.3), steps: 8),
    SAPGD(.linf(0.2), steps: 8), RandomNoise(.linf(0.2), .corner, samples: 6),
  ]

  /// Catches a loss, a decision or a choice between runs that is the classifier's.
  @Test(arguments: attacks)
  func `is the inner attack on the substitute`(attack: any Attack) throws {
    let other = other
    let substitute = GradientSource(name: "twin") { { other($0) } }
    let transfer = Transfer(attack, from: substitute)
    var calls = 0
    let result = try transfer.run(
      images, labels: labels,
      against: {
        calls += 1
        return own($0)
      }, using: Generator(seed: 4))
    let direct = try attack.run(
      images, labels: labels, against: { other($0) }, using: Generator(seed: 4))
    #expect(result.adversarial.isIdentical(to: direct.adversarial))
    #expect(result.report.gradientEvaluations == direct.report.gradientEvaluations)
    #expect(calls == 0 && result.report.classifierCalls == 0)
    #expect(transfer.name == "\(attack.name) from twin" && transfer.threat == attack.threat)
  }

  /// Catches the same computation done once for each draw of a victim that the substitute does not share.
  @Test func `a random victim's draws are taken of a random substitute alone`() throws {
    final class Count: @unchecked Sendable { var calls = 0 }
    let other = other
    func calls(noise: Double) throws -> Int {
      let count = Count()
      let substitute = GradientSource(name: "twin") { run in
        let generator = Generator(seed: run.seed)
        return { images in
          count.calls += 1
          return other(images)
            + Tensor.normal([images.size(0), 4], dtype: images.dtype, using: generator) * noise
        }
      }
      let transfer = ExpectationOverTransformation(
        Transfer(PGD(.linf(0.2), stepSize: 0.05, steps: 3), from: substitute), draws: 5)
      _ = try transfer(images, labels: labels, against: { own($0) }, using: Generator(seed: 4))
      return count.calls
    }
    // Two passes to see whether it is random; then three steps.
    #expect(try calls(noise: 0) == 2 + 3)
    #expect(try calls(noise: 0.1) == 2 + 3 * 5)
  }

  /// It is scored on the classifier, by the evaluation.
  @Test func `counts what fools the classifier`() throws {
    let other = other
    let transfer = Transfer(
      PGD(.linf(0.2), stepSize: 0.05, steps: 10),
      from: GradientSource(name: "twin") { { other($0) } })
    let batch = LabeledImages(images: images, labels: labels)
    let result = try RobustnessEvaluation(attacks: [transfer], seed: 5)({ own($0) }, on: [batch])
    let found = try transfer(
      images, labels: labels, against: { own($0) }, using: Generator(seed: 5))
    let failed = fooled({ own($0) }, found, labels)
    #expect(result.attacks[0].fooled == failed)
    #expect(failed.contains(true) && failed != fooled({ other($0) }, found, labels))
  }

  /// Catches a source whose memory of one run leaks into the next.
  @Test func `every run has a fresh substitute`() throws {
    final class Count: @unchecked Sendable { var calls: [Int] = [] }
    let (count, other) = (Count(), other)
    let substitute = GradientSource(name: "twin") {
      count.calls.append(0)
      let index = count.calls.count - 1
      return { images in
        count.calls[index] += 1
        return other(images)
      }
    }
    let transfer = Transfer(
      PGD(.linf(1e-4), stepSize: 1e-5, steps: 4, restarts: 2), from: substitute)
    let theirs = other(images).argmax(along: 1)
    _ = try transfer(images, labels: theirs, against: { own($0) }, using: Generator(seed: 4))
    // Two scores by the one that decides, and two runs of four gradients.
    #expect(count.calls.filter { $0 > 0 }.sorted() == [2, 4, 4])
  }
}
