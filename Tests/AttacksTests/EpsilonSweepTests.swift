import Attacks
import Testing
import Torch

@Suite struct EpsilonSweepTests {
  /// A longer step can overshoot: class 1 holds only in a window. Catches a curve that is sorted, or made
  /// monotone by keeping what a smaller ε has found.
  @Test func `a larger ε may fool fewer images, and it shows`() throws {
    let window: Classifier = { images in
      let z = 0.003 - (images - 0.55).squared()
      return Tensor.concatenating([-z, z], along: 1)
    }
    let image = LabeledImages(images: Tensor([0.49], shape: [1, 1]), labels: Tensor([0]))
    let (curve, _) = try EpsilonSweep([0.3, 0, 0.05]) { FGSM(epsilon: $0) }(window, on: [image])
    #expect(curve.map(\.robustAccuracy.successes) == [1, 1, 0])
  }

  @Test func `a sweep measures each ε for itself`() throws {
    let model = TanhModel(pixels: 6, seed: 51)
    let (images, _) = pictures([23, 6], classes: 3, seed: 52)
    let labels = model(images).argmax(along: 1)
    let epsilons = [0.3, 0, 0.05]
    let sweep = EpsilonSweep(epsilons, seed: 4) { PGD(.linf($0), stepSize: 0.2, steps: 2) }
    let (curve, result) = try sweep(
      { model($0) },
      on: [0..<10, 10..<23].map { LabeledImages(images: images[$0], labels: labels[$0]) })
    #expect(curve.map(\.epsilon) == epsilons)
    for (point, epsilon) in zip(curve, epsilons) {
      let single = try RobustnessEvaluation(
        attacks: [PGD(.linf(epsilon), stepSize: 0.2, steps: 2)], seed: 4)(
          { model($0) }, on: [LabeledImages(images: images, labels: labels)])
      #expect(point.robustAccuracy == single.attacks[0].robustAccuracy)
    }
    #expect(curve[1].robustAccuracy == result.cleanAccuracy)
    #expect(curve[0].robustAccuracy != curve[2].robustAccuracy)
  }
}
