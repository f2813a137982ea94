import Attacks
import Torch

/// logits = W · flatten(x) + b: the model on which attacks have closed forms.
struct LinearModel {
  /// `[classes, pixels]`.
  let weights: Tensor
  let bias: Tensor

  init(weights: Tensor, bias: Tensor? = nil) {
    self.weights = weights
    self.bias = bias ?? Tensor.zeros([weights.size(0)], dtype: weights.dtype)
  }

  init(classes: Int, pixels: Int, seed: UInt64, dtype: DType = .float64) {
    let generator = Generator(seed: seed)
    weights = Tensor.normal([classes, pixels], dtype: dtype, using: generator)
    bias = Tensor.normal([classes], standardDeviation: 0.1, dtype: dtype, using: generator)
  }

  func callAsFunction(_ images: Tensor) -> Tensor {
    images.flattened(from: 1).linear(weights, bias: bias)
  }

  /// w_other − w_y of a two-class model, for each label: `[B, pixels]`.
  func ascent(_ labels: Tensor) -> Tensor {
    weights.gathering((1 - labels).converted(to: .int64)) - weights.gathering(labels)
  }
}

/// Images in [low, high] and labels.
func pictures(
  _ shape: [Int], classes: Int, seed: UInt64, dtype: DType = .float64,
  in range: ClosedRange<Double> = 0...1
) -> (images: Tensor, labels: Tensor) {
  let generator = Generator(seed: seed)
  let images = Tensor.uniform(shape, in: range, dtype: dtype, using: generator)
  let classScores = Tensor.uniform([shape[0], classes], using: generator)
  return (images, classScores.argmax(along: 1))
}

/// Largest |a − b|.
func difference(_ a: Tensor, _ b: Tensor) -> Double {
  a.count == 0 ? 0 : (a - b).magnitude().max().item()
}

/// Whether each image is classified as something else than its label.
func fooled(_ classifier: Classifier, _ images: Tensor, _ labels: Tensor) -> [Bool] {
  zip(classifier(images).argmax(along: 1).scalars(of: Int.self), labels.scalars(of: Int.self)).map(
    !=)
}

/// The error that `body` throws, in words; nil if it throws none.
func message(_ body: () throws(AttackError) -> Void) -> String? {
  do {
    try body()
    return nil
  } catch { return error.description }
}
