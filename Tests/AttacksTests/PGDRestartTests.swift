import Attacks
import Testing
import Torch

/// A landscape with many hills, so that starts matter: the margin m of class 1 over class 0 changes sign within
/// the ball. Class 2 gives way where m > 0, so that an image may be fooled at a lower loss than one that is not.
private func hills(_ images: Tensor) -> Tensor {
  let waves = (images * 9 - 4).power(3).hyperbolicTangent()
  let ripple = ((images - 0.5) * 6).squared() * 0.35
  let margin = (waves * ripple).sum(along: [1], keeping: true) - 0.2
  return Tensor.concatenating([margin * 0, margin, -0.05 - margin.relu() * 4], along: 1)
}

@Suite struct PGDRestartTests {
  let threat = ThreatModel.linf(0.25)
  let images: Tensor
  let labels: Tensor

  init() {
    images = pictures([100, 3], classes: 3, seed: 31).images
    labels = Tensor.zeros([100], dtype: .int64)
  }

  private func attack(restarts: Int) -> PGD {
    PGD(threat, stepSize: 0.02, steps: 3, restarts: restarts)
  }

  /// The rule, image by image, from single runs that share one generator.
  /// Catches: fooled images attacked again, a later run overwriting a fooled one or a higher loss, rows of
  /// the survivors written back to the wrong images, another start for the first run.
  @Test func `keeps for each image what the single runs found`() throws {
    var (improvements, fooledAtLowerLoss) = (0, 0)
    for seed in 1...6 as ClosedRange<UInt64> {
      let generator = Generator(seed: seed)
      var best = [Tensor?](repeating: nil, count: 100)
      var losses = [Double](repeating: -.infinity, count: 100)
      var alive = Array(0..<100)
      for run in 0..<4 {
        let rows = Tensor(alive)
        let found = try attack(restarts: 1)(
          images.gathering(rows), labels: labels.gathering(rows), against: hills, using: generator)
        let failed = fooled(hills, found, labels.gathering(rows))
        let loss = hills(found).crossEntropy(labels.gathering(rows), reduction: .none)
          .scalars(of: Double.self)
        for (position, row) in alive.enumerated()
        where failed[position] || loss[position] > losses[row] {
          if run > 0 { improvements += 1 }
          if loss[position] < losses[row] { fooledAtLowerLoss += 1 }
          best[row] = found[position]
          losses[row] = loss[position]
        }
        alive = zip(alive, failed).filter { !$1 }.map(\.0)
      }
      #expect(alive.count > 3)
      let found = try attack(restarts: 4)(
        images, labels: labels, against: hills, using: Generator(seed: seed))
      #expect(found.isIdentical(to: Tensor.stacking(best.map { $0! })))
    }
    #expect(improvements > 20 && fooledAtLowerLoss > 3, "the landscape tests nothing")
  }

  /// More runs never help the defender, and never lower the loss of an image that resists.
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `more restarts are never worse for any image`(seed: UInt64) throws {
    var before: (fooled: [Bool], losses: [Double])?
    for restarts in 1...4 {
      let found = try attack(restarts: restarts)(
        images, labels: labels, against: hills, using: Generator(seed: seed))
      let now = (
        fooled: fooled(hills, found, labels),
        losses: hills(found).crossEntropy(labels, reduction: .none).scalars(of: Double.self)
      )
      if let before {
        for row in 0..<100 {
          #expect(now.fooled[row] || !before.fooled[row])
          #expect(now.fooled[row] || now.losses[row] >= before.losses[row])
        }
      }
      before = now
    }
  }

  /// Catches runs on images that are broken already, and forward passes that nobody asked for.
  @Test func `later runs see survivors only`() throws {
    var sizes: [Int] = []
    let result = try attack(restarts: 3).run(
      images, labels: labels,
      against: {
        sizes.append($0.size(0))
        return hills($0)
      }, using: Generator(seed: 1))
    // Three gradients and a score in each run.
    #expect(sizes.count == 12)
    for run in 0..<3 { #expect(Set(sizes[run * 4..<run * 4 + 4]).count == 1) }
    #expect(sizes[0] == 100 && sizes[4] < sizes[0] && sizes[8] <= sizes[4])
    #expect(result.report.classifierCalls == 12)
    #expect(result.report.imagesClassified == sizes.reduce(0, +))
    #expect(
      result.report.gradientEvaluations.map(\.images)
        == sizes.enumerated().filter { $0.offset % 4 != 3 }.map(\.element))
  }

  @Test func `stops when no image is left`() throws {
    let model = LinearModel(weights: Tensor([1.0, 0, 0, 1], shape: [2, 2]))
    let images = Tensor([0.5, 0.4, 0.6, 0.5], shape: [2, 2])
    let result = try PGD(.linf(0.5), stepSize: 0.3, steps: 2, restarts: 5).run(
      images, labels: Tensor([0, 0]), against: { model($0) }, using: Generator(seed: 0))
    #expect(result.report.classifierCalls == 3)
    #expect(fooled({ model($0) }, result.adversarial, Tensor([0, 0])) == [true, true])
  }
}
