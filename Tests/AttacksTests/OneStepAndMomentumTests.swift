import Attacks
import Testing
import Torch

@Suite struct MIFGSMTests {
  /// Momentum in scalar loops, with μ = 1 and 0.7. Catches the decay on the wrong term, a norm that is missing, momentum
  /// of signs, and a projection around the iterate.
  @Test(arguments: [1, 0.7])
  func `follows the scalar rule step by step`(decay: Double) throws {
    let (epsilon, alpha) = (0.2, 0.06)
    let model = TanhModel(pixels: 8, seed: 5)
    let (images, labels) = pictures([5, 8], classes: 3, seed: 6)
    for steps in 1...9 {
      let found = try MIFGSM(epsilon: epsilon, stepSize: alpha, steps: steps, decay: decay)(
        images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
      for row in 0..<5 {
        let x = images[row].scalars(of: Double.self)
        var (point, m) = (x, x.map { _ in 0.0 })
        for _ in 0..<steps {
          let g = model.slow(point, label: Int(labels[row].item())).gradient
          let size = g.reduce(0) { $0 + abs($1) }
          for i in x.indices {
            m[i] = decay * m[i] + g[i] / size
            let moved = point[i] + (m[i] > 0 ? alpha : -alpha)
            point[i] = min(max(min(max(moved, x[i] - epsilon), x[i] + epsilon), 0), 1)
          }
        }
        #expect(difference(found[row], Tensor(point)) < 1e-12, "\(steps) steps, row \(row)")
      }
    }
  }

  /// The gradient is there, then gone, then back: momentum carries the image on. Catches 0/0, after which sgn(NaN) = 0 and
  /// the image never moves again.
  @Test func `a vanished gradient does not stop an image for good`() throws {
    nonisolated(unsafe) var call = 0
    let weights = Tensor([1.0 as Float, -2])
    let classifier: Classifier = { images in
      defer { call += 1 }
      let z = (images * weights).sum(along: [1], keeping: true) * (call == 0 || call == 2 ? 0 : 1)
      return Tensor.concatenating([-z, z], along: 1)
    }
    let image = Tensor([0.5 as Float, 0.5], shape: [1, 2])
    let result = try MIFGSM(epsilon: 0.4, stepSize: 0.1, steps: 4).run(
      image, labels: Tensor([0]), against: classifier, using: Generator(seed: 0))
    // Nothing, a step, a step by momentum alone, a step.
    #expect(difference(result.adversarial, Tensor([0.8 as Float, 0.2], shape: [1, 2])) < 1e-6)
    #expect(result.report.gradientEvaluations.map(\.zeroGradients) == [1, 0, 1, 0])
  }
}

@Suite struct RFGSMTests {
  /// Catches a start that is no corner, a step of ε instead of ε − α, the gradient taken at the image.
  @Test(arguments: [nil, 0.03] as [Double?])
  func `is a random corner and a step by the gradient there`(alpha: Double?) throws {
    let epsilon = 0.1
    let model = TanhModel(pixels: 30, seed: 5)
    let (images, labels) = pictures([4, 30], classes: 3, seed: 6)
    var seen: [Tensor] = []
    let found = try RFGSM(epsilon: epsilon, randomStep: alpha)(
      images, labels: labels,
      against: {
        seen.append($0.detached())
        return model($0)
      }, using: Generator(seed: 8))
    #expect(seen.count == 1)
    let signs = Tensor.normal([4, 30], dtype: .float64, using: Generator(seed: 8)).sign()
    let first = alpha ?? epsilon / 2
    #expect(difference(seen[0], (images + signs * first).clamped(0, 1)) < 1e-15)
    for row in 0..<4 {
      let start = seen[0][row].scalars(of: Double.self)
      let g = model.slow(start, label: Int(labels[row].item())).gradient
      let expected = start.indices.map {
        min(max(start[$0] + (g[$0] > 0 ? 1 : -1) * (epsilon - first), 0), 1)
      }
      #expect(difference(found[row], Tensor(expected)) < 1e-12)
    }
  }
}

@Suite struct BIMTests {
  /// Kurakin et al.'s numbers. Catches truncation of 9.999…, the wrong of the two bounds, and no step at all.
  @Test(arguments: [
    (1, 1), (2, 2), (4, 5), (6, 7), (8, 10), (16, 20), (17, 21), (32, 36), (255, 259),
  ])
  func `makes the authors' number of steps`(levels: Int, steps: Int) {
    #expect(BIM.authorsSteps(epsilon: Double(levels) / 255) == steps)
    #expect(BIM(epsilon: Double(levels) / 255).name == "BIM-\(steps)")
  }

  @Test func `is PGD from the image`() throws {
    let model = TanhModel(pixels: 8, seed: 5)
    let (images, labels) = pictures([5, 8], classes: 3, seed: 6)
    let bim = try BIM(epsilon: 0.1)(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
    let pgd = try PGD(.linf(0.1), stepSize: 1 / 255.0, steps: 29, start: .image)(
      images, labels: labels, against: { model($0) }, using: Generator(seed: 0))
    #expect(bim.isIdentical(to: pgd))
    #expect(BIM(epsilon: 0).ascent.steps == 1 && BIM(epsilon: .nan).ascent.steps == 1)
  }
}
