public import Torch

/// What an attack sees of a network: images `[B, ...]` with pixels in [0, 1] → logits `[B, classes]`.
///
/// It must be a pure function: evaluation mode, fresh state on every call, each image scored by itself.
/// Normalisation is its own first layer. White-box attacks differentiate it with respect to the images.
public typealias Classifier = (Tensor) -> Tensor

/// A batch to evaluate on.
public struct LabeledImages: Sendable {
  /// `[B, ...]`, pixels in [0, 1], float32 or float64.
  public let images: Tensor
  /// `[B]`, int64, each in `0 ..< classes`.
  public let labels: Tensor

  public init(images: Tensor, labels: Tensor) {
    self.images = images
    self.labels = labels
  }
}
