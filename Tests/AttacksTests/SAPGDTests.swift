import Attacks
import Testing
import Torch

@Suite struct SAPGDTests {
  /// The rule in scalar loops on the tanh model, from the points that a classifier is asked about. Catches other
  /// constants, a mean over the batch, √ of the wrong thing, a clip before η, a halving that waits for something.
  @Test func `follows the scalar rule step by step`() throws {
    let (epsilon, steps, rows) = (0.3, 24, 4)
    let model = TanhModel(pixels: 8, seed: 5)
    let images = pictures([rows, 2, 2, 2], classes: 3, seed: 6).images
    let labels = model(images).argmax(along: 1)
    var seen: [Tensor] = []
    _ = try SAPGD(.linf(epsilon), steps: steps).run(
      images, labels: labels,
      against: {
        seen.append($0.detached())
        return model($0)
      }, using: Generator(seed: 7))
    #expect(seen.count == steps + 2)
    // 22 % of 24 is 5, less 1 each time, 1 at the least: the checkpoints.
    let checkpoints: Set = [5, 9, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]
    var clipped = 0
    for row in 0..<rows {
      let x = images[row].flattened().scalars(of: Double.self)
      var point = seen[1][row].flattened().scalars(of: Double.self)
      let start = zip(point, x).map { abs($0 - $1) }
      #expect(start.max()! <= epsilon + 1e-12)
      var (m, v, eta) = (x.map { _ in 0.0 }, x.map { _ in 0.0 }, epsilon)
      for step in 1...steps {
        let g = model.slow(point, label: Int(labels[row].item())).gradient
        let mean = g.reduce(0) { $0 + abs($1) } / 8
        let meanSquare = g.reduce(0) { $0 + $1 * $1 } / 8
        for i in x.indices {
          m[i] = 0.5 * m[i] + g[i] / mean
          v[i] = 0.8 * v[i] + g[i] * g[i] / meanSquare
          let wanted = eta * m[i] / (v[i].squareRoot() + 1e-12)
          if abs(wanted) > eta { clipped += 1 }
          let moved = point[i] + min(max(wanted, -eta), eta)
          point[i] = min(max(min(max(moved, x[i] - epsilon), x[i] + epsilon), 0), 1)
        }
        let found = seen[step + 1][row].flattened()
        #expect(difference(found, Tensor(point)) < 1e-9, "row \(row), step \(step)")
        if checkpoints.contains(step) { eta /= 2 }
      }
    }
    #expect(clipped > 50 && clipped < rows * steps * 8 - 50, "\(clipped)")
  }

  /// By hand, one image of two pixels on a linear loss with gradient (3, −1): g/mean|g| = (1.5, −0.5),
  /// g²/mean g² = (1.8, 0.2), m/√v = (1.118, −1.118), clipped to ±η. Then m = (2.25, −0.75), v = (3.24, 0.36),
  /// m/√v = (1.25, −1.25), still clipped. A gradient that vanishes from then on: m = (1.125, −0.375),
  /// v = (2.592, 0.288), m/√v = (0.6988, −0.6988).
  @Test func `a gradient that vanishes leaves the means to decay`() throws {
    nonisolated(unsafe) var points: [[Double]] = []
    let weights = Tensor([3.0, -1])
    // Three gradients (start, 1, 2), then none.
    let classifier: Classifier = { images in
      points.append(images[0].scalars(of: Double.self))
      let slope = points.count <= 3 ? 1e-3 : 0
      let z = (images * weights).sum(along: [1], keeping: true) * slope
      return Tensor.concatenating([-z + 9, z], along: 1)
    }
    let image = Tensor([0.5, 0.5], shape: [1, 2])
    // One checkpoint in 4 steps would be at 1: shares of 4 are 1 each, so η halves after every step.
    let result = try SAPGD(.linf(0.4), steps: 4).run(
      image, labels: Tensor([0]), against: classifier, using: Generator(seed: 3))
    #expect(result.report.gradientEvaluations.map(\.zeroGradients) == [0, 0, 1, 1, 1])
    let second = points[3]
    let third = points[4]
    let moved = [0.6988 * 0.1, -0.6988 * 0.1]
    for i in 0..<2 {
      let expected = min(max(second[i] + moved[i], 0.1), 0.9)
      #expect(abs(third[i] - expected) < 1e-5, "\(second) \(third)")
    }
    #expect(result.adversarial.isFinite().allTrue())
  }

  /// Gradients of 1e-30 square to nothing in float32. Catches 0/0, and an image that is never attacked.
  @Test func `tiny gradients are as good as large ones`() throws {
    let model = LinearModel(classes: 2, pixels: 6, seed: 1, dtype: .float32)
    let images = pictures([5, 6], classes: 2, seed: 2, dtype: .float32, in: 0.3...0.7).images
    let labels = model(images).argmax(along: 1)
    func run(_ scale: Double) throws -> Tensor {
      try SAPGD(.linf(0.1), loss: .margin, steps: 10)(
        images, labels: labels, against: { model($0) * scale }, using: Generator(seed: 3))
    }
    let (large, tiny) = (try run(1), try run(1e-30))
    #expect(difference(large, tiny) < 1e-6)
    #expect(difference(large, images) > 0.09)
  }
}
