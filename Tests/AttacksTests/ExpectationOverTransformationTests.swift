import Attacks
import Testing
import Torch

@Suite struct ExpectationOverTransformationTests {
  static let attacks: [any Attack] = [
    FGSM(epsilon: 0.1), PGD(.linf(0.1), stepSize: 0.03, steps: 4, restarts: 2),
    PGD(.l2(0.3), stepSize: 0.1, steps: 4), APGD(.linf(0.1), steps: 8),
    TargetedAPGD(.linf(0.1), steps: 8), SAPGD(.linf(0.1), steps: 8), MIFGSM(epsilon: 0.1),
    RandomNoise(.linf(0.1), .corner, samples: 4),
  ]

  /// Four draws: powers of two leave sums exact. Catches draws that are not averaged, and draws that are taken from the
  /// attack's own random numbers.
  @Test(arguments: attacks)
  func `equals the plain attack where nothing is random`(attack: any Attack) throws {
    let model = TanhModel(pixels: 6, classes: 4, seed: 1)
    let images = pictures([9, 6], classes: 4, seed: 2).images
    let labels = model(images).argmax(along: 1)
    let averaged = ExpectationOverTransformation(attack, draws: 4)
    let plain = try attack.run(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 3))
    let other = try averaged.run(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 3))
    #expect(averaged.name == "EOT-4 \(attack.name)" && averaged.threat == attack.threat)
    #expect(difference(other.adversarial, plain.adversarial) < 1e-9)
    #expect(other.report.classifierCalls == 4 * plain.report.classifierCalls)
    #expect(
      other.report.gradientEvaluations == plain.report.gradientEvaluations,
      "one mean is one evaluation")
  }

  /// Logits x·(w + noise_i): the gradient of one draw points anywhere, that of m draws towards the mean of the w + noise,
  /// which is computed here from the same noise. Catches a single draw, a sum of signs, and draws that are all the same.
  @Test(arguments: [1, 2, 16])
  func `the gradient is the mean over the draws`(draws: Int) throws {
    let pixels = 200
    let mean = LinearModel(classes: 2, pixels: pixels, seed: 1).weights * 0.1
    let noise = Tensor.normal([40, 2, pixels], dtype: .float64, using: Generator(seed: 9))
    let images = Tensor.full(0.5, shape: [1, pixels], dtype: .float64)
    nonisolated(unsafe) var call = 0
    let random: Classifier = { images in
      defer { call += 1 }
      // No bias and a small step: the softmax weighs all draws alike to first order, the margin exactly.
      return (images - 0.5).linear(mean + noise[call])
    }
    let label = 0
    let found = try ExpectationOverTransformation(FGSM(epsilon: 0.1), draws: draws)(
      images, labels: Tensor([label]), against: random, using: Generator(seed: 0))
    #expect(call == draws)
    let average = mean + noise[0..<draws].mean(along: [0])
    let expected = images + (average[1] - average[0]).sign() * 0.1
    #expect(difference(found, expected) < 1e-12)
    let ideal = (mean[1] - mean[0]).sign()
    let agreement = ((found - images).sign() .== ideal).sum().item() / Double(pixels)
    #expect(draws < 16 || agreement > 0.6, "\(agreement)")
  }

  /// A classifier that errs in one draw of four. Catches an image that is kept for one lucky draw.
  @Test func `one lucky draw does not fool`() throws {
    nonisolated(unsafe) var call = 0
    let moody: Classifier = { images in
      defer { call += 1 }
      let margin = call % 4 == 3 ? -1.0 : 1.0
      let zero = images.sum(along: [1], keeping: true) * 0
      return Tensor.concatenating([zero + margin, zero], along: 1)
    }
    let images = Tensor.full(0.5, shape: [2, 3], dtype: .float64)
    let attack = RandomNoise(.linf(0.1), .corner, samples: 5)
    let found = try ExpectationOverTransformation(attack, draws: 4)(
      images, labels: Tensor([0, 0]), against: moody, using: Generator(seed: 1))
    #expect(found.isIdentical(to: images))
    #expect(call == 4 * 6)
    let alone = try attack(
      images, labels: Tensor([0, 0]), against: moody, using: Generator(seed: 1))
    #expect(!alone.isIdentical(to: images))
  }

  @Test func `no draws are refused`() {
    let complaint = message { () throws(AttackError) in
      try ExpectationOverTransformation(FGSM(epsilon: 0.1), draws: 0).checkSettings()
    }
    #expect(complaint == "draws: expected at least 1, found 0; 20 is usual")
  }
}
