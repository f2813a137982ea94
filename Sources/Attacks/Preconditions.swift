public import Torch

/// Checks what every attack assumes of its input.
///
/// - Parameters:
///   - images: `[B, ...]` with at least one pixel an image, float32 or float64, finite, in [0, 1]. B may
///     be 0.
///   - labels: `[B]`, int64, ≥ 0, on the images' device.
///   - classes: how many there are, where known; labels must be smaller. ``Victim`` checks it again on the
///     logits of every call.
/// - Throws: ``AttackError/unusable(_:expected:found:remedy:)``: what was expected, found, and what to do.
public func checkPreconditions(
  images: Tensor, labels: Tensor, classes: Int? = nil
) throws(AttackError) {
  try checkImages(images)
  guard labels.dtype == .int64, labels.shape == [images.size(0)], labels.device == images.device
  else {
    throw .unusable(
      .labels, expected: "int64 [\(images.size(0))] on \(images.device), one for each image",
      found: "\(labels.dtype) \(labels.shape) on \(labels.device)",
      remedy: "pass the class number of each image")
  }
  guard labels.count > 0 else { return }
  let lowest = Int(labels.min().item())
  guard lowest >= 0 else {
    throw .unusable(
      .labels, expected: "class numbers from 0", found: "\(lowest)",
      remedy: "remove images without a label")
  }
  if let classes { try checkLabels(upTo: Int(labels.max().item()), classes: classes) }
}

private func checkImages(_ images: Tensor) throws(AttackError) {
  guard images.dtype == .float32 || images.dtype == .float64 else {
    throw .unusable(
      .images, expected: "float32 or float64", found: "\(images.dtype)",
      remedy: "convert them: in half precision saturated gradients vanish and look like robustness")
  }
  guard images.rank >= 2, !images.shape.dropFirst().contains(0) else {
    throw .unusable(
      .images, expected: "[B, C, H, W] or another [B, ...] with pixels", found: "\(images.shape)",
      remedy: "put the batch first")
  }
  guard images.count > 0 else { return }
  let notFinite = (.!images.isFinite()).trueCount
  guard notFinite == 0 else {
    throw .unusable(
      .images, expected: "finite pixels",
      found: "\(notFinite) of \(images.count) NaN or infinite",
      remedy: "check how the data set was read")
  }
  let (low, high) = (images.min().item(), images.max().item())
  guard low >= 0, high <= 1 else {
    throw .unusable(
      .images, expected: "pixels in [0, 1]", found: "\(low) to \(high)",
      remedy: "attack images before normalisation, which is the network's first layer")
  }
}

/// Checks the logits that a classifier gave for `batch` images.
func checkLogits(_ logits: Tensor, batch: Int, highestLabel: Int) throws(AttackError) {
  guard logits.rank == 2, logits.size(0) == batch, logits.size(1) >= 2,
    logits.dtype.isFloatingPoint
  else {
    throw .unusable(
      .logits, expected: "[\(batch), classes] with at least 2 classes, floating point",
      found: "\(logits.dtype) \(logits.shape)",
      remedy: "average the network's output over time before it is attacked")
  }
  let notFinite = (.!logits.isFinite()).trueCount
  guard notFinite == 0 else {
    throw .unusable(
      .logits, expected: "finite numbers", found: "\(notFinite) of \(logits.count) NaN or infinite",
      remedy: "the network has diverged: an attack on it would mean nothing")
  }
  try checkLabels(upTo: highestLabel, classes: logits.size(1))
}

private func checkLabels(upTo highest: Int, classes: Int) throws(AttackError) {
  guard highest < classes else {
    throw .unusable(
      .labels, expected: "0 ..< \(classes), the classifier's classes", found: "\(highest)",
      remedy: "use the classifier that was trained for these labels")
  }
}
