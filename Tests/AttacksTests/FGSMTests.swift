import Attacks
import Testing
import Torch

@Suite struct FGSMTests {
  let generator = Generator(seed: 0)

  /// Catches: descent, a step without clamp, a step scaled by the gradient, labels of the wrong class.
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `equals the closed form of a two-class linear model`(seed: UInt64) throws {
    let model = LinearModel(classes: 2, pixels: 12, seed: seed)
    let (images, labels) = pictures([9, 3, 2, 2], classes: 2, seed: seed)
    for epsilon in [2.0 / 255, 0.2, 1] {
      let found = try FGSM(epsilon: epsilon)(
        images, labels: labels, against: { model($0) }, using: generator)
      let expected = (images + model.ascent(labels).sign().reshaped(images.shape) * epsilon)
        .clamped(0, 1)
      #expect(difference(found, expected) == 0)
    }
  }

  /// The admissible set is a box, and a linear loss is largest at one of its corners: try them all.
  /// Catches an "optimal" closed form that is itself wrong, and any weaker step.
  @Test func `no corner of the admissible box is worse for a linear model`() throws {
    let (pixels, epsilon) = (7, 0.3)
    let model = LinearModel(classes: 2, pixels: pixels, seed: 3)
    let (images, labels) = pictures([6, pixels], classes: 2, seed: 4)
    let found = try FGSM(epsilon: epsilon)(
      images, labels: labels, against: { model($0) }, using: generator)
    let reached = model(found).crossEntropy(labels, reduction: .none)
    let (low, high) = ((images - epsilon).clamped(0, 1), (images + epsilon).clamped(0, 1))
    for corner in 0..<(1 << pixels) {
      let bits = Tensor((0..<pixels).map { Double(corner >> $0 & 1) })
      let losses = model(low + (high - low) * bits).crossEntropy(labels, reduction: .none)
      #expect((losses - reached).max().item() <= 1e-12)
    }
  }

  /// sgn(0) = 0: a pixel that does not matter stays. Catches g ≥ 0 ? 1 : −1.
  @Test func `pixels without a gradient stay`() throws {
    let model = LinearModel(weights: Tensor([0.0, 2, -1, 0, -1, 1], shape: [2, 3]))
    let images = Tensor([0.5, 0.5, 0.5], shape: [1, 3])
    let found = try FGSM(epsilon: 0.1)(
      images, labels: Tensor([0]), against: { model($0) }, using: generator)
    #expect(difference(found, Tensor([0.5, 0.4, 0.6], shape: [1, 3])) < 1e-15)
  }

  /// Losses are summed: the mean over 64 saturated images underflows to a zero gradient in float32.
  @Test func `a saturated gradient survives a large batch`() throws {
    let model = LinearModel(weights: Tensor([100 as Float, 1, -1, -1], shape: [2, 2]))
    let images = Tensor.ones([64, 2])
    let labels = Tensor.zeros([64], dtype: .int64)
    let result = try FGSM(epsilon: 0.1).run(
      images, labels: labels, against: { model($0) }, using: generator)
    #expect(result.report.zeroGradientsAtStart == 0)
    #expect(result.adversarial.max(along: [0]).scalars(of: Float.self) == [0.9, 0.9])
  }

  @Test func `the report counts calls and zero gradients`() throws {
    // tanh saturates to exactly 1 in float64 for the images of ones, not for those of zeros.
    let classifier: Classifier = { images in
      let h = (images.sum(along: [1], keeping: true) * 30).hyperbolicTangent()
      return Tensor.concatenating([h, -h], along: 1)
    }
    let images = Tensor([1.0, 1, 0, 0, 1, 1], shape: [3, 2])
    let result = try FGSM(epsilon: 0.1).run(
      images, labels: Tensor([0, 0, 0]), against: classifier, using: generator)
    #expect(result.report.classifierCalls == 1)
    #expect(result.report.imagesClassified == 3)
    #expect(result.report.iterations == 1)
    #expect(result.report.zeroGradientsAtStart == 2)
    #expect(result.adversarial.isIdentical(to: images))  // 0 is clamped, 1 has no gradient
  }
}
