import Attacks
import Datasets
import Layers
import Models
import Spiking
import Testing
import Torch

@testable import Training

/// Clean accuracy against one image at a time.
@Suite struct EvaluationTests {
  /// Catches a dropped or repeated last batch, labels of other images, and batches that see one another.
  @Test(arguments: [1, 7, 8, 23, 24, 100])
  func `every image counts once, whatever the batch size`(batchSize: Int) throws {
    let dataset = TinyTask.dataset(count: 23, seed: 8)
    let network = TinyTask.network(seed: 2)
    let classifier = network.classifier(TinyTask.encoder)
    let oneByOne = (0..<23).filter { index in
      withoutGradients {
        Int(classifier(dataset.images(at: [index])).argmax(along: 1).item())
          == dataset.labels[index]
      }
    }
    #expect((1..<23).contains(oneByOne.count), "all or none right proves little")
    var done: [Int] = []
    let before = network.weights.copies()
    let correct = countCorrect(classifier, on: dataset, batchSize: batchSize) { done.append($0) }
    #expect(correct == oneByOne.count)
    #expect(done == stride(from: batchSize, to: 23, by: batchSize) + [23])
    #expect(network.weights.isIdentical(to: before))
  }

  @Test func `no graph is recorded`() throws {
    var recorded = false
    let classifier: Classifier = { images in
      recorded = recorded || isRecordingGradients
      return Tensor.zeros([images.size(0), 4])
    }
    _ = try countCorrect(classifier, on: TinyTask.dataset(count: 3))
    #expect(!recorded)
  }
}
