import Attacks
import Testing
import Torch

@Suite struct TargetedAPGDTests {
  /// Logits of a linear model with one dominant row: nothing is fooled, so every target is aimed at. What each run climbs
  /// shows where it ends: at the highest logit of its target. Catches targets by class number,
  /// by the logits of the iterate, the label as a target, a rank too many or few, and too many targets.
  @Test(arguments: [1, 3, 9])
  func `aims at the other classes by falling logit`(targets: Int) throws {
    let images = Tensor.full(0.5, shape: [1, 5], dtype: .float64)
    // Class 2 is right by far; the others rank 4, 0, 3, 1. Pixel i raises class i.
    let bias = Tensor([3.0, 1, 1000, 2, 4])
    nonisolated(unsafe) var points: [[Double]] = []
    _ = try TargetedAPGD(.linf(0.1), steps: 3, targets: targets).run(
      images, labels: Tensor([2]),
      against: {
        points.append($0[0].scalars(of: Double.self))
        return $0 + bias
      }, using: Generator(seed: 1))
    // A score of the images; of each target 1 + 3 gradients and a score.
    let runs = min(targets, 4)
    #expect(points.count == 1 + runs * 5)
    for (run, target) in [4, 0, 3, 1].prefix(runs).enumerated() {
      let end = points[1 + run * 5 + 3]
      #expect(abs(end[target] - 0.6) < 1e-12, "target \(target): \(end)")
    }
  }

  /// Catches a target that sees images which an earlier one has fooled, and targets that are not gathered with them.
  @Test func `each target sees survivors only`() throws {
    let model = TanhModel(pixels: 6, classes: 5, seed: 3, scale: 2)
    let images = pictures([40, 6], classes: 5, seed: 4).images
    let labels = model(images).argmax(along: 1)
    var sizes: [Int] = []
    let result = try TargetedAPGD(.linf(0.1), steps: 5, restarts: 1).run(
      images, labels: labels,
      against: {
        sizes.append($0.size(0))
        return model($0)
      }, using: Generator(seed: 1))
    #expect(sizes.count == 1 + 4 * 7)
    let runs = (0..<4).map { Set(sizes[1 + $0 * 7..<8 + $0 * 7]) }
    #expect(runs.allSatisfy { $0.count == 1 })
    let alive = runs.map { $0.first! }
    #expect(alive[0] == 40 && alive[1] < 40 && alive == alive.sorted(by: >))
    let survived = fooled({ model($0) }, result.adversarial, labels).count { !$0 }
    #expect(survived <= alive[3])
  }

  /// Equal logits: the label must not be taken for a rival of itself.
  @Test func `ties do not make the label a target`() throws {
    let images = Tensor.full(0.5, shape: [1, 4], dtype: .float64)
    let result = try TargetedAPGD(.linf(0.1), steps: 2, targets: 1).run(
      images, labels: Tensor([0]), against: { $0 * 1 }, using: Generator(seed: 1))
    #expect(result.report.gradientEvaluations.allSatisfy { $0.zeroGradients == 0 })
    #expect(fooled({ $0 }, result.adversarial, Tensor([0])) == [true])
  }
}
