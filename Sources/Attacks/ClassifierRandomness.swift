public import Torch

/// Whether a classifier answers the same question differently from call to call.
///
/// A single draw of such a classifier says little: attacks need means over draws, and scores several passes.
/// The measure is that of AutoAttack's flag: ‖z/‖z‖₂ − z′/‖z′‖₂‖₂ of an image's logits in two calls.
public struct ClassifierRandomness: Codable, Equatable, Sendable {
  /// Images asked about.
  public let images: Int
  /// Calls on the same batch.
  public let passes: Int
  /// The largest difference of normalised logits between two calls, over images and pairs of calls.
  public let largestDifference: Double
  /// Images whose predicted class was not the same in all calls.
  public let changedPredictions: Int

  /// Rounding alone stays far below it.
  static let threshold = 1e-4

  /// Whether the classifier counts as random.
  public var isRandom: Bool { largestDifference > Self.threshold || changedPredictions > 0 }

  /// Asks several times about one batch.
  ///
  /// - Parameters:
  ///   - images: `[B, ...]`, in [0, 1]; B may be 0.
  ///   - passes: at least 2.
  /// - Throws: ``AttackError`` when the logits cannot be used.
  public static func measured(
    of classifier: Classifier, on images: Tensor, passes: Int = 5
  ) throws(AttackError) -> ClassifierRandomness {
    guard images.size(0) > 0 else {
      return ClassifierRandomness(
        images: 0, passes: passes, largestDifference: 0, changedPredictions: 0)
    }
    let none = Tensor.zeros([images.size(0)], dtype: .int64)
    let answers = try Victim.lending(classifier, labels: none) {
      (victim) throws(AttackError) -> [Tensor] in
      var answers: [Tensor] = []
      for _ in 0..<passes { answers.append(try victim.logits(images).converted(to: .float64)) }
      return answers
    }
    let directions = answers.map { $0 / ($0.norm(along: [1], keeping: true) + 1e-10) }
    var largest = 0.0
    for (index, first) in directions.enumerated() {
      for second in directions[(index + 1)...] {
        largest = max(largest, (first - second).norm(along: [1]).max().item())
      }
    }
    let predictions = answers.map { $0.argmax(along: 1).scalars(of: Int.self) }
    let changed = (0..<images.size(0)).count { image in
      predictions.contains { $0[image] != predictions[0][image] }
    }
    return ClassifierRandomness(
      images: images.size(0), passes: passes, largestDifference: largest,
      changedPredictions: changed)
  }
}
