import Testing
import Torch

@testable import Attacks

/// Classifiers that draw random numbers.
@Suite struct RandomClassifierTests {
  /// Class 1 where the pixel and a noise of this deviation exceed 1/2.
  static func noisy(_ deviation: Double) -> @Sendable (UInt64) -> Classifier {
    { seed in
      let generator = Generator(seed: seed)
      return { images in
        let noise = Tensor.normal(
          [images.size(0), 1], standardDeviation: deviation, dtype: images.dtype, using: generator)
        let z = (images.slicing(0..<1, along: 1) + noise - 0.5) * 4
        return Tensor.concatenating([-z, z], along: 1)
      }
    }
  }

  static let images = Tensor.uniform([40, 2], dtype: .float64, using: Generator(seed: 6))
  static let data = LabeledImages(
    images: images, labels: (images.selecting(0, along: 1) .> 0.5).converted(to: .int64))

  @Test func `randomness is noticed by logits and by predictions`() throws {
    func measured(_ deviation: Double) throws -> ClassifierRandomness {
      try .measured(of: Self.noisy(deviation)(1), on: Self.images)
    }
    let none = try measured(0)
    #expect(!none.isRandom && none.largestDifference == 0 && none.changedPredictions == 0)
    #expect(none.images == 40 && none.passes == 5)
    let strong = try measured(0.2)
    #expect(strong.isRandom && strong.changedPredictions > 0)
    // Two logits z and −z: only their sign is left of them once they are normalised, so a change shows near 0 alone.
    let dither = try ClassifierRandomness.measured(of: Self.dithered(1e-3), on: Self.images)
    #expect(dither.isRandom && dither.changedPredictions == 0)
    #expect(abs(dither.largestDifference) > 1e-4)
    let rounding = try ClassifierRandomness.measured(of: Self.dithered(1e-6), on: Self.images)
    let nothing = try ClassifierRandomness.measured(of: Self.noisy(1)(1), on: Self.images[0..<0])
    #expect(!rounding.isRandom && !nothing.isRandom)
  }

  /// Logits (1, 0.2) whose second one differs by this much from call to call.
  static func dithered(_ step: Double) -> Classifier {
    nonisolated(unsafe) var call = 0.0
    return { images in
      call += 1
      return Tensor([1, 0.2 + step * call], shape: [1, 2]).tiled([images.size(0), 1])
    }
  }

  /// Catches one lucky draw that counts as a break, gradients of single draws, and a score on the draws that the
  /// attack was chosen by.
  @Test func `a random classifier gets means over draws and fresh passes`() throws {
    let threat = ThreatModel.linf(0.15)
    let evaluation = WorstCaseEvaluation(
      threat,
      stages: [
        AttackStage(FGSM(epsilon: 0.15)),
        AttackStage(Nothing(threat: threat), usesGradients: false),
      ], seed: 2, batchSize: 16, draws: 8, scoringPasses: 40)
    let (result, adversarial) = try evaluation(Self.noisy(0.1), on: Self.data)
    #expect(result.randomness.isRandom && result.draws == 8)
    #expect(result.stages.map(\.attack) == ["EOT-8 FGSM", "EOT-2 nothing"])
    #expect(result.stages[0].cost.classifierCalls == 8 * result.stages[0].attacked.batches(of: 16))
    // By the majority of 40 passes an image is broken where 0.15 takes it across 1/2; a single draw would break more.
    let pixels = Self.images.selecting(0, along: 1).scalars(of: Double.self)
    for (image, pixel) in pixels.enumerated() {
      let distance = abs(pixel - 0.5)
      if distance > 0.19 { #expect(result.brokenBy[image] == nil) }
      if distance < 0.11, distance > 0.04 { #expect(result.brokenBy[image] == 0) }
    }
    let fresh = try #require(result.fresh)
    #expect(fresh.passes == 40 && fresh.majorityVote.trials == 40)
    // The mean accuracy of the kept images: Φ(distance to 1/2 / 0.1), drawn 40 × 40 times.
    let labels = Self.data.labels.scalars(of: Int.self)
    let expected =
      zip(adversarial.selecting(0, along: 1).scalars(of: Double.self), labels)
      .map { normalShare(($0 - 0.5) * ($1 == 1 ? 1 : -1) / 0.1) }.reduce(0, +) / 40
    #expect(abs(fresh.mean.mean - expected) < 0.03)
    #expect(fresh.cleanMean.mean > fresh.mean.mean + 0.1)
    #expect(fresh.mean.images == 40 && fresh.mean.lower < expected && expected < fresh.mean.upper)
    let again = try evaluation(Self.noisy(0.1), on: Self.data)
    #expect(again.result.fresh == fresh && again.adversarial.isIdentical(to: adversarial))
  }

  /// Catches a lucky vote that makes a clean error a robust image.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `an image that was wrong without attack is never robust`(seed: UInt64) throws {
    let threat = ThreatModel.linf(0.01)
    let evaluation = WorstCaseEvaluation(
      threat, stages: [AttackStage(Nothing(threat: threat), usesGradients: false)], seed: seed,
      batchSize: 16, draws: 4, scoringPasses: 3)
    let result = try evaluation(Self.noisy(0.4), on: Self.data).result
    let isClean = zip(result.labels, result.cleanPredictions).map { $0 == $1 }
    let isRight = zip(result.labels, result.predictions).map { $0 == $1 }
    let both = zip(isClean, isRight).count { $0 && $1 }
    #expect(result.fresh?.majorityVote == .wilson(successes: both, trials: 40))
    #expect(both < isRight.count { $0 }, "no vote changed to the right class: nothing is tested")
  }

  /// Catches queries that are decided by one lucky draw.
  @Test func `attacks that ask without a gradient decide by means, too`() throws {
    let threat = ThreatModel.linf(0.1)
    let evaluation = WorstCaseEvaluation(
      threat, stages: [AttackStage(FirstError(threat: threat), usesGradients: false)], seed: 2,
      batchSize: 16, draws: 40, scoringPasses: 10)
    let result = try evaluation(Self.noisy(0.2), on: Self.data).result
    #expect(result.stages[0].attack == "EOT-10 first error")
    let cost = result.stages[0].cost
    #expect(cost.classifierCalls == 10 * 3 * result.stages[0].attacked.batches(of: 16))
  }

  /// Asks three times.
  struct FirstError: Attack {
    let name = "first error"
    let threat: ThreatModel
    func perturb(
      _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
    ) throws(AttackError) -> Tensor {
      for _ in 0..<3 { _ = try victim.score(images, labels: labels) }
      return images
    }
  }

  struct Nothing: Attack {
    let name = "nothing"
    let threat: ThreatModel
    func perturb(
      _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
    ) throws(AttackError) -> Tensor { images }
  }
}

extension Int {
  fileprivate func batches(of size: Int) -> Int { (self + size - 1) / size }
}

/// Φ(x) by Zelen and Severo's approximation (Abramowitz and Stegun 26.2.17), to 1e-7.
private func normalShare(_ x: Double) -> Double {
  guard x >= 0 else { return 1 - normalShare(-x) }
  let t = Tensor(1 / (1 + 0.2316419 * x))
  let coefficients = [0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  let density = (Tensor(-x * x / 2).exponential() / (2 * Double.pi).squareRoot()).item()
  let series = coefficients.enumerated().reduce(0.0) { sum, term in
    sum + term.element * t.power(Double(term.offset + 1)).item()
  }
  return 1 - density * series
}
