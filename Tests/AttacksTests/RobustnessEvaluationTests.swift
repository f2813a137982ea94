import Attacks
import Foundation
import Testing
import Torch

@Suite struct RobustnessEvaluationTests {
  let model = TanhModel(pixels: 6, seed: 51)
  let images: Tensor
  let labels: Tensor

  init() {
    // Mostly the model's own predictions, so that there is something to attack, and some other labels.
    let (images, random) = pictures([23, 6], classes: 3, seed: 52)
    let own = model(images).argmax(along: 1)
    self.images = images
    labels = Tensor.concatenating([own[0..<14], random[14..<23]])
  }

  private func batches(_ sizes: [Int]) -> [LabeledImages] {
    var (found, start) = ([LabeledImages](), 0)
    for size in sizes {
      let range = start..<start + size
      found.append(LabeledImages(images: images[range], labels: labels[range]))
      start += size
    }
    return found
  }

  /// One image at a time, by hand: clean errors are errors, only the others are attacked.
  /// Catches a dropped last batch, attacked clean errors, a mask shifted against the images, and accuracy
  /// over the attacked images instead of all.
  @Test(arguments: [[23], [8, 8, 7], [5, 0, 1, 17], [22, 1]])
  func `counts as brute force does`(sizes: [Int]) throws {
    let attacks: [any Attack] = [
      FGSM(epsilon: 0.1), PGD(.linf(0.1), stepSize: 0.03, steps: 4, start: .image),
    ]
    let result = try RobustnessEvaluation(attacks: attacks)({ model($0) }, on: batches(sizes))
    #expect(result.total == 23 && result.labels == labels.scalars(of: Int.self))
    var survivors = Array(repeating: true, count: 23)
    for (attack, found) in zip(attacks, result.attacks) {
      var robust = 0
      for row in 0..<23 {
        let (image, label) = (images[row..<row + 1], labels[row..<row + 1])
        let clean = Int(model(image).argmax(along: 1).item())
        #expect(result.cleanPredictions[row] == clean)
        var after = clean
        if clean == result.labels[row] {
          let changed = try attack(
            image, labels: label, against: { model($0) }, using: Generator(seed: 0))
          after = Int(model(changed).argmax(along: 1).item())
        }
        let (wasRight, isRight) = (clean == result.labels[row], after == result.labels[row])
        #expect(found.predictions[row] == after)
        #expect(found.fooled[row] == (wasRight && !isRight))
        if isRight { robust += 1 } else { survivors[row] = false }
      }
      #expect(found.robustCorrect == robust && found.robustAccuracy.trials == 23)
      #expect(found.robustAccuracy == .wilson(successes: robust, trials: 23))
      #expect(robust > 0 && robust < result.cleanCorrect, "these images test nothing")
    }
    #expect(result.cleanCorrect < 23)
    #expect(result.survived == survivors)
    #expect(result.worstCaseAccuracy.successes == survivors.count { $0 })
  }

  /// Catches a generator shared by the attacks, or drawn from for nothing.
  @Test func `an attack's numbers do not depend on the others`() throws {
    let random = PGD(.linf(0.1), stepSize: 0.03, steps: 3)
    let alone = try RobustnessEvaluation(attacks: [random], seed: 9)(
      { model($0) }, on: batches([8, 8, 7]))
    var visits: [Tensor] = []
    let second = try RobustnessEvaluation(attacks: [random, random], seed: 9)(
      { model($0) }, on: batches([23]), visit: { visits.append($0.images) })
    #expect(visits[0].isIdentical(to: visits[1]))
    for row in second.attacks {
      #expect(row.predictions == alone.attacks[0].predictions)
      #expect(row.report.imagesClassified == alone.attacks[0].report.imagesClassified)
    }
    #expect(alone.attacks[0].report.iterations == 3)
    #expect(alone.attacks[0].report.gradientEvaluations[0].images == alone.cleanCorrect)
    #expect(alone.seed == 9)
  }

  @Test func `reports progress and shows the images`() throws {
    var progress: [RobustnessEvaluation.Progress] = []
    var visits: [RobustnessEvaluation.AttackedBatch] = []
    let result = try RobustnessEvaluation(attacks: [FGSM(epsilon: 0.1), FGSM(epsilon: 0)])(
      { model($0) }, on: batches([8, 8, 7]), progress: { progress.append($0) },
      visit: { visits.append($0) })
    #expect(progress.map(\.batches) == [1, 2, 3] && progress.map(\.images) == [8, 16, 23])
    #expect(progress[2].cleanCorrect == result.cleanCorrect)
    #expect(progress[2].robustCorrect == result.attacks.map(\.robustCorrect))
    #expect(visits.map(\.attack) == [0, 1, 0, 1, 0, 1])
    #expect(visits.map(\.firstImage) == [0, 0, 8, 8, 16, 16])
    let shown = Tensor.concatenating([visits[0].images, visits[2].images, visits[4].images])
    #expect(model(shown).argmax(along: 1).scalars(of: Int.self) == result.attacks[0].predictions)
    let wrong = result.labels.indices.filter { result.cleanPredictions[$0] != result.labels[$0] }
    #expect(shown.gathering(Tensor(wrong)).isIdentical(to: images.gathering(Tensor(wrong))))
    let unchanged = Tensor.concatenating([visits[1].images, visits[3].images, visits[5].images])
    #expect(unchanged.isIdentical(to: images))
    #expect(result.attacks[1].robustCorrect == result.cleanCorrect)
  }

  @Test func `nothing to evaluate is a result`() throws {
    let result = try RobustnessEvaluation(attacks: [FGSM(epsilon: 0.1)])({ model($0) }, on: [])
    #expect(result.total == 0 && result.worstCaseAccuracy.proportion == nil)
    #expect(result.attacks[0].attackSuccessRate(.amongAll) == nil)
    #expect(result.attacks[0].attackSuccessRate(.amongCleanCorrect) == nil)
    let clean = try RobustnessEvaluation(attacks: [])({ model($0) }, on: batches([23]))
    #expect(clean.worstCaseAccuracy == clean.cleanAccuracy)
  }

  @Test func `a result survives JSON`() throws {
    let result = try RobustnessEvaluation(attacks: [FGSM(epsilon: 0.1)])(
      { model($0) }, on: batches([23]))
    let back = try JSONDecoder().decode(
      RobustnessResult.self, from: try JSONEncoder().encode(result))
    #expect(back == result)
    #expect(result.cleanSeconds > 0 && result.attacks[0].seconds > 0)
  }

  /// Catches settings that are looked at only when the first clean-correct image comes along.
  @Test func `bad input stops it`() {
    let bad = LabeledImages(images: images * 2, labels: labels)
    let evaluation = RobustnessEvaluation(attacks: [FGSM(epsilon: 0.1)])
    #expect(throws: AttackError.self) { try evaluation({ model($0) }, on: [bad]) }
    let high = LabeledImages(images: images, labels: labels + 1.0)
    #expect(throws: AttackError.self) { try evaluation({ model($0) }, on: [high]) }
    let outOfRange = LabeledImages(images: images[0..<1], labels: Tensor([3]))
    #expect(throws: AttackError.self) { try evaluation({ model($0) }, on: [outOfRange]) }
    #expect(throws: AttackError.self) {
      try RobustnessEvaluation(attacks: [FGSM(epsilon: 8)])({ model($0) }, on: [])
    }
  }
}
