import Attacks
import Testing
import Torch

/// An attack that shifts pixel 0 of the images whose pixel 1 lies in a range, and remembers what it was given.
private struct Shift: Attack {
  let name: String
  let range: ClosedRange<Double>
  let seen: @Sendable (Tensor, Tensor) -> Void
  var threat: ThreatModel { .linf(0.5) }

  init(
    _ name: String, _ range: ClosedRange<Double>,
    seen: @escaping @Sendable (Tensor, Tensor) -> Void = { _, _ in }
  ) {
    self.name = name
    self.range = range
    self.seen = seen
  }

  func perturb(
    _ images: Tensor, labels: Tensor, against victim: inout Victim, using generator: Generator
  ) throws(AttackError) -> Tensor {
    seen(images, labels)
    let key = images.slicing(1..<2, along: 1)
    let moved = (key .>= range.lowerBound) .& (key .<= range.upperBound)
    return Tensor.concatenating(
      [
        Tensor.select(
          moved, 0.5 - images.slicing(0..<1, along: 1), images.slicing(0..<1, along: 1)),
        key,
      ], along: 1)
  }
}

/// Class 1 where pixel 0 exceeds 0.25, else class 0.
private func threshold(_ images: Tensor) -> Tensor {
  let z = images.slicing(0..<1, along: 1) - 0.25
  return Tensor.concatenating([-z, z], along: 1)
}

@Suite struct WorstCaseTests {
  /// Catches the worst attack taken for the worst case: two attacks break different images.
  @Test func `the worst case is taken image by image`() throws {
    let images = Tensor([0.5, 0.1, 0.5, 0.9, 0.5, 0.5, 0.1, 0.9], shape: [4, 2])
    let batch = LabeledImages(images: images, labels: Tensor([1, 1, 1, 1]))
    let evaluation = RobustnessEvaluation(attacks: [Shift("low", 0...0.3), Shift("high", 0.7...1)])
    let result = try evaluation(threshold, on: [batch])
    #expect(result.cleanCorrect == 3)
    #expect(
      result.attacks.map(\.fooled) == [[true, false, false, false], [false, true, false, false]])
    #expect(result.attacks.map(\.robustCorrect) == [2, 2])
    #expect(result.worstCaseAccuracy.successes == 1)
    #expect(result.survived == [false, false, true, false])
    #expect(result.attacks[0].attackSuccessRate(.amongCleanCorrect) == 1.0 / 3)
    #expect(result.attacks[0].attackSuccessRate(.amongAll) == 0.5)
  }

  @Test func `attacks see clean-correct images only`() throws {
    nonisolated(unsafe) var seen: [(Tensor, Tensor)] = []
    let images = Tensor([0.5, 0.1, 0.1, 0.2, 0.5, 0.3, 0.1, 0.4], shape: [4, 2])
    let batch = LabeledImages(images: images, labels: Tensor([1, 1, 1, 0]))
    let wrong = LabeledImages(images: images, labels: Tensor([0, 1, 0, 1]))
    let attack = Shift("all", 0...1) { seen.append(($0, $1)) }
    let result = try RobustnessEvaluation(attacks: [attack])(threshold, on: [batch, wrong])
    #expect(seen.count == 1)  // the second batch has nothing to attack
    #expect(seen[0].0.isIdentical(to: images.gathering(Tensor([0, 2, 3]))))
    #expect(seen[0].1.isIdentical(to: Tensor([1, 1, 0])))
    #expect(result.total == 8 && result.cleanCorrect == 3)
  }
}
