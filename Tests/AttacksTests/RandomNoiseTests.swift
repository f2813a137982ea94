import Attacks
import Testing
import Torch

@Suite struct RandomNoiseTests {
  /// The points that a classifier sees: far from 0 and 1, and from one another's images.
  private func points(
    _ threat: ThreatModel, _ distribution: RandomNoise.Distribution, _ shape: [Int]
  ) throws -> Tensor {
    let images = Tensor.full(0.5, shape: shape, dtype: .float64)
    var seen: [Tensor] = []
    _ = try RandomNoise(threat, distribution).run(
      images, labels: Tensor.zeros([shape[0]], dtype: .int64),
      against: {
        seen.append($0)
        let zero = $0.sum(along: [1], keeping: true) * 0
        return Tensor.concatenating([zero + 1, zero], along: 1)
      }, using: Generator(seed: 4))
    #expect(seen.count == 2)
    return seen[1] - images
  }

  /// Largest gap between the empirical distribution and `cumulative`, in units of the 0.1 % bound.
  private func gap(_ values: [Double], _ cumulative: (Double) -> Double) -> Double {
    let n = Double(values.count)
    return values.sorted().enumerated().map { abs(cumulative($1) - (Double($0) + 0.5) / n) }.max()!
      * n.squareRoot() / 1.95
  }

  /// Catches the wrong deviation, and clipping where there is nothing to clip.
  @Test func `Gaussian noise has the deviation, and its tails are clipped`() throws {
    let wide = try points(.linf(0.4), .gaussian(standardDeviation: 0.05), [50, 100])
      .scalars(of: Double.self)
    // The logistic curve 1/(1 + exp(−1.702 z)) is within 0.0095 of the normal distribution.
    #expect(gap(wide.map { $0 / 0.05 }) { (1 + tensorTanh(0.851 * $0)) / 2 } < 1.4)
    let square = wide.reduce(0) { $0 + $1 * $1 } / 5000
    #expect(abs(square.squareRoot() / 0.05 - 1) < 0.05)
    let narrow = try points(.linf(0.05), .gaussian(standardDeviation: 0.05), [50, 100])
      .scalars(of: Double.self)
    // 31.7 % of a normal distribution is beyond one deviation.
    let clipped = Double(narrow.count { abs(abs($0) - 0.05) < 1e-12 }) / 5000
    #expect(abs(clipped - 0.317) < 0.03, "\(clipped)")
    let ball = try points(.l2(0.05), .gaussian(standardDeviation: 0.05), [50, 100])
    #expect(
      difference(ball.norm(along: [1]), Tensor.full(0.05, shape: [50], dtype: .float64)) < 1e-12)
  }

  private func tensorTanh(_ x: Double) -> Double { Tensor([x]).hyperbolicTangent().item() }

  @Test func `uniform noise fills the ball`() throws {
    let noise = try points(.linf(0.2), .uniform, [50, 100]).scalars(of: Double.self)
    #expect(gap(noise) { ($0 + 0.2) / 0.4 } < 1)
    let radii = try points(.l2(0.2), .uniform, [2000, 5]).norm(along: [1])
    #expect(gap(radii.scalars(of: Double.self)) { $0 / 0.2 } < 1)
  }

  @Test func `corner noise moves every pixel by ε`() throws {
    let noise = try points(.linf(0.2), .corner, [50, 100])
    #expect(
      difference(noise.magnitude(), Tensor.full(0.2, shape: [50, 100], dtype: .float64)) < 1e-12)
    #expect(abs(noise.mean().item()) < 0.2 * 4 / 5000.0.squareRoot())
    let sphere = try points(.l2(0.2), .corner, [50, 7]).norm(along: [1])
    #expect(difference(sphere, Tensor.full(0.2, shape: [50], dtype: .float64)) < 1e-12)
  }

  /// A window that a random point meets with probability p = 0.1: after n points 1 − 0.9ⁿ of the images are fooled.
  /// Catches one point for all images, the same points again, and images that do not keep what fooled them.
  @Test(arguments: [1, 5, 20])
  func `finds what luck finds`(samples: Int) throws {
    let images = Tensor.full(0.5, shape: [2000, 1], dtype: .float64)
    let window: Classifier = { images in
      let z = 0.01 - (images - 0.6).magnitude()
      return Tensor.concatenating([-z, z], along: 1)
    }
    var sizes: [Int] = []
    let result = try RandomNoise(.linf(0.1), .uniform, samples: samples).run(
      images, labels: Tensor.zeros([2000], dtype: .int64),
      against: {
        sizes.append($0.size(0))
        return window($0)
      }, using: Generator(seed: 1))
    let found = Double(
      fooled(window, result.adversarial, Tensor.zeros([2000], dtype: .int64)).count { $0 })
    // The window is 0.59 ... 0.61, of which the ball ends at 0.6: 0.01 of a width of 0.2.
    var missed = 1.0
    for _ in 0..<samples { missed *= 0.95 }
    let expected = 2000 * (1 - missed)
    #expect(
      abs(found - expected) < 4 * (expected * missed).squareRoot() + 1, "\(found), \(expected)")
    // Survivors only.
    #expect(sizes.count == samples + 1 && sizes == sizes.sorted(by: >))
    #expect(result.report.iterations == 0)
  }

  /// Of points that do not fool, the one of highest loss. Catches the last one, or the first.
  @Test func `keeps the worst point`() throws {
    let images = Tensor.full(0.5, shape: [6, 1], dtype: .float64)
    let labels = Tensor.zeros([6], dtype: .int64)
    nonisolated(unsafe) var seen: [Tensor] = []
    let hill: Classifier = { images in
      seen.append(images)
      return Tensor.concatenating([images * 0 + 5, images], along: 1)
    }
    let found = try RandomNoise(.linf(0.1), .uniform, samples: 8)(
      images, labels: labels, against: hill, using: Generator(seed: 2))
    let highest = Tensor.stacking(seen).max(along: [0])
    #expect(difference(found, highest) == 0)
    #expect(seen.count == 9)
    #expect(Set(seen.dropFirst().map { $0[0].item() }).count == 8, "the same points again")
  }
}
