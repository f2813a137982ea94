import Attacks
import Datasets
import Torch

/// Classifies a whole data set: every image counts, the last partial batch too.
///
/// - Parameters:
///   - classifier: images `[B, C, H, W]` in [0, 1] → logits `[B, classes]`.
///   - onBatch: told how many images are done.
/// - Returns: how many were classified correctly.
public func countCorrect(
  _ classifier: Classifier, on dataset: ImageDataset, batchSize: Int = 256,
  onBatch: (Int) throws -> Void = { _ in }
) rethrows -> Int {
  try withoutGradients {
    var correct = 0
    for start in stride(from: 0, to: dataset.count, by: batchSize) {
      let range = start..<min(start + batchSize, dataset.count)
      let predictions = classifier(dataset.images(at: range)).argmax(along: 1)
      correct += Int((predictions .== dataset.labels(at: range)).sum().item())
      try onBatch(range.upperBound)
    }
    return correct
  }
}
