import Attacks
import Datasets
import Torch

/// What the network is shown in place of a training batch.
public enum Exposure: Sendable {
  /// The batch itself.
  case clean
  /// Every batch replaced by its adversarial version against the network as it is now.
  case adversarial(any Attack, seed: UInt64)

  /// - Parameter stepIndex: with the seed it fixes the attack's random numbers, so a resumed run draws the same.
  func images(
    for batch: Batch, against classifier: @escaping Classifier, stepIndex: Int
  ) throws -> Tensor {
    switch self {
    case .clean: return batch.images
    case .adversarial(let attack, let seed):
      let generator = Generator(seed: seed &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(stepIndex + 1))
      return try attack(
        batch.images, labels: batch.labels, against: classifier, using: generator)
    }
  }
}
