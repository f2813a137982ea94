import Testing
import Torch

@testable import Attacks

@Suite struct PlacedScoresTests {
  /// The oracle is the definition: all images in the data set's order, in batches of one size.
  /// The classifier's answer depends on an image's place and on the batch's size, as rounding does.
  /// Catches images that are scored at another place, a last batch of full size, and rows mixed up.
  @Test(arguments: [1, 3, 4, 10, 16])
  func `scores are those of the whole data set in order`(batchSize: Int) throws {
    let (images, labels) = pictures([10, 2], classes: 3, seed: 8)
    let changed = images * 0.5
    let model = LinearModel(classes: 3, pixels: 2, seed: 9)
    func classifier(_ batch: Tensor) -> Tensor {
      let size = batch.size(0)
      let places = Tensor.arange(0, size).converted(to: .float64).reshaped([size, 1])
      return model(batch) + (places * 0.3 + Double(size)).tiled([1, 3])
        * Tensor([0.1, -0.2, 0.4], shape: [1, 3]).converted(to: .float64)
    }
    for places in [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [7], [9, 2, 6, 3], [8, 9], [0, 4, 8]] {
      let scores = try PlacedScores(
        of: changed.gathering(Tensor(places)), at: places,
        in: LabeledImages(images: images, labels: labels), batchSize: batchSize, by: classifier)
      for (index, place) in places.enumerated() {
        let start = place / batchSize * batchSize
        let range = start..<min(start + batchSize, 10)
        let logits = classifier(changed[range])[place - start].unsqueezed(0)
        #expect(scores.predictions[index] == Int(logits.argmax(along: 1).item()))
        let margin = try AttackLoss.margin(logits, labels[place..<place + 1]).item()
        #expect(abs(scores.margins[index] - margin) < 1e-12)
        let isRight = scores.predictions[index] == Int(labels[place].item())
        #expect(scores.shareCorrect[index] == (isRight ? 1 : 0))
      }
    }
  }

  @Test func `images of different batches share a call where their places differ`() {
    func batches(_ places: [Int]) -> [PlacedScores.SharedBatch] {
      PlacedScores.sharedBatches(places, total: 10, batchSize: 4)
    }
    #expect(batches([0, 5, 2]) == [.init(range: 0..<4, members: [0, 1, 2])])
    #expect(
      batches([0, 4, 9, 1]) == [
        .init(range: 0..<4, members: [0, 3]), .init(range: 0..<4, members: [1]),
        .init(range: 8..<10, members: [2]),
      ])
    #expect(batches([]) == [])
    #expect(
      PlacedScores.sharedBatches([1, 2], total: 3, batchSize: 4) == [
        .init(range: 0..<3, members: [0, 1])
      ])
  }

  /// Catches the last pass taken for all, and a vote by mean logits: those of the first image say 1 either way.
  @Test func `the class of several passes is the one that most of them say`() throws {
    let answers = [[0, 2], [1, 0], [1, 1]]
    nonisolated(unsafe) var call = 0
    let scores = try PlacedScores(
      of: Tensor.zeros([2, 1]), at: [0, 1],
      in: LabeledImages(images: Tensor.zeros([2, 1]), labels: Tensor([1, 2])), batchSize: 2,
      passes: 3
    ) { _ in
      defer { call += 1 }
      let rows = answers[call].map { said in (0..<3).map { $0 == said ? Float(3) : 0 } }
      return Tensor(rows.flatMap { $0 }, shape: [2, 3])
    }
    #expect(call == 3)
    #expect(scores.predictions == [1, 0])
    #expect(scores.shareCorrect == [2.0 / 3, 1.0 / 3])
    // Mean logits (1, 2, 0) with label 1, and (1, 1, 1) with label 2.
    #expect(abs(scores.margins[0] + 1) < 1e-6 && abs(scores.margins[1]) < 1e-6)
  }
}
