import Attacks
import Testing
import Torch

@Suite struct PGDTests {
  static let threats: [ThreatModel] = [.linf(0.11), .l2(0.4)]

  /// Catches: clipping around the iterate instead of the image, clamp before projection, projection left
  /// out, a wrong L2 scale, gradient at the image instead of the iterate, one step too many or few.
  @Test(arguments: threats)
  func `follows the scalar twin iterate by iterate`(threat: ThreatModel) throws {
    let shape = [4, 2, 3, 2]
    let stepSize = threat.epsilon / 3.7  // so that both the ball and [0, 1] are reached
    let (images, labels) = pictures(shape, classes: 3, seed: 11)
    let model = TanhModel(pixels: 12, seed: 5)
    let twin = SlowPGD(model: model, threat: threat, stepSize: stepSize)
    let start = try firstPoints(threat, images, labels, against: { model($0) })
    var expected: [[[Double]]] = []
    for row in 0..<shape[0] {
      expected.append(
        twin.iterates(
          images[row].scalars(of: Double.self), label: Int(labels[row].item()),
          from: start[row].scalars(of: Double.self), steps: 12))
    }
    #expect(expected.joined().joined().contains { $0 == 0 || $0 == 1 })
    for steps in 1...12 {
      let found = try PGD(threat, stepSize: stepSize, steps: steps).run(
        images, labels: labels, against: { model($0) }, startingAt: start,
        using: Generator(seed: 0))
      let iterate = Tensor(expected.flatMap { $0[steps - 1] }, shape: shape)
      #expect(difference(found.adversarial, iterate) < 1e-12, "step \(steps)")
      #expect(found.report.classifierCalls == steps)
    }
  }

  /// The hand-derived gradient of the twin is the engine's. Catches an error in the oracle itself.
  @Test func `the twin's gradient is right`() {
    let model = TanhModel(pixels: 6, seed: 2)
    let (images, labels) = pictures([3, 6], classes: 3, seed: 3)
    let input = images.requiringGradient()
    let gradient = model(input).crossEntropy(labels, reduction: .sum).gradients(of: [input])[0]
    for row in 0..<3 {
      let slow = model.slow(images[row].scalars(of: Double.self), label: Int(labels[row].item()))
      #expect(difference(gradient[row], Tensor(slow.gradient)) < 1e-13)
    }
  }

  /// An image alone, with its own start, fares as in the batch. Catches statistics over the batch: a mean
  /// loss with unnormalised steps, an L2 norm over all images, a projection of the whole batch.
  @Test(arguments: threats)
  func `does not depend on the batch`(threat: ThreatModel) throws {
    let (images, labels) = pictures([5, 1, 3, 3], classes: 3, seed: 21)
    let model = TanhModel(pixels: 9, seed: 22)
    let attack = PGD(threat, stepSize: threat.epsilon / 4, steps: 6)
    let start = try firstPoints(threat, images, labels, against: { model($0) })
    func run(_ range: Range<Int>) throws -> Tensor {
      try attack.run(
        images[range], labels: labels[range], against: { model($0) }, startingAt: start[range],
        using: Generator(seed: 0)
      ).adversarial
    }
    let together = try run(0..<5)
    for row in 0..<5 {
      #expect(difference(together[row..<row + 1], try run(row..<row + 1)) < 1e-12)
    }
  }

  /// Catches a start that is zero, not centred, not uniform, or outside the ball.
  @Test func `starts uniformly in the L∞ ball`() throws {
    let images = Tensor.full(0.5, shape: [200, 50], dtype: .float64)
    let start = try firstPoints(
      .linf(0.2), images, Tensor.zeros([200], dtype: .int64), against: flat)
    let unit = ((start - 0.5) / 0.2).scalars(of: Double.self).sorted()
    // Kolmogorov and Smirnov: 1.95/√n is passed by chance once in a thousand.
    let n = Double(unit.count)
    let gap = unit.enumerated().map { abs(($1 + 1) / 2 - (Double($0) + 0.5) / n) }.max()!
    #expect(gap < 1.95 / n.squareRoot())
  }

  /// Catches a direction that is not uniform (as of a normalised uniform cube) and a radius that is fixed.
  @Test func `starts in the L2 ball with a uniform radius`() throws {
    let images = Tensor.full(0.5, shape: [2000, 3], dtype: .float64)
    let start = try firstPoints(
      .l2(0.2), images, Tensor.zeros([2000], dtype: .int64), against: flat)
    let delta = (start - 0.5) / 0.2
    let radii = delta.norm(along: [1]).scalars(of: Double.self).sorted()
    let gap = radii.enumerated().map { abs($1 - (Double($0) + 0.5) / 2000) }.max()!
    #expect(gap < 1.95 / 2000.0.squareRoot())
    let unit = delta / delta.norm(along: [1], keeping: true)
    // On the sphere each coordinate is uniform (Archimedes): fourth moment 1/5.
    #expect(abs(unit.power(4).mean().item() - 0.2) < 0.02)
    #expect(abs(unit.mean().item()) < 0.05)
  }

  /// A step has length α at any scale of the gradient. Catches the 1e-10 in the divisor that leaves images
  /// of saturated networks unattacked, and 0/0 where there is no gradient at all.
  @Test func `an L2 step does not shrink with the gradient`() throws {
    let direction = Tensor([0.6 as Float, 0.8, 0, 0], shape: [2, 2])
    let classifier: Classifier = { images in
      let z = (images * direction).sum(along: [1], keeping: true) * 1e-30
      return Tensor.concatenating([-z, z], along: 1)
    }
    let images = Tensor.full(0.5, shape: [2, 2])
    let result = try PGD(.l2(0.1), stepSize: 0.05, steps: 1, start: .image).run(
      images, labels: Tensor([0, 0]), against: classifier, using: Generator(seed: 0))
    let expected = Tensor([0.53 as Float, 0.54, 0.5, 0.5], shape: [2, 2])
    #expect(difference(result.adversarial, expected) < 1e-6)
    #expect(result.report.zeroGradientsAtStart == 1)
  }

  /// The basic iterative method from the image: on a linear model K steps of α < ε/K give x + Kα sgn(w).
  @Test func `starts at the image when told`() throws {
    let model = LinearModel(classes: 2, pixels: 5, seed: 8)
    let (images, labels) = pictures([3, 5], classes: 2, seed: 9, in: 0.3...0.7)
    let found = try PGD(.linf(0.2), stepSize: 0.01, steps: 3, start: .image)(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
    #expect(difference(found, images + model.ascent(labels).sign() * 0.03) < 1e-12)
  }

  /// Depends on the images in name only: every gradient is zero, so a start stays where it is.
  private let flat: Classifier = { images in
    (images.sum(along: [1], keeping: true) * 0).expanded(to: [-1, 2])
  }

  /// The attack's own random starts: a classifier sees them first.
  private func firstPoints(
    _ threat: ThreatModel, _ images: Tensor, _ labels: Tensor, against classifier: Classifier
  ) throws -> Tensor {
    var seen: [Tensor] = []
    _ = try PGD(threat, stepSize: 0.01, steps: 1)(
      images, labels: labels,
      against: { images in
        seen.append(images.detached())
        return classifier(images)
      }, using: Generator(seed: 77))
    return seen[0]
  }
}
