import Attacks
import Torch

/// Functions of 4 × 4 images with three classes: an honest one, and the same with one fault each.
struct PlantedModels {
  let honest = TanhModel(pixels: 16, hidden: 8, seed: 7, scale: 0.7)
  let images: Tensor
  /// What the honest model says.
  let labels: Tensor

  init(count: Int = 120) {
    // Whole levels of a byte, as files have them.
    let levels = Tensor.uniform([count, 1, 4, 4], in: 0...255, using: Generator(seed: 3))
    images = levels.converted(to: .int64).converted(to: .float32) / 255
    labels = honest(images).argmax(along: 1)
  }

  var batches: [LabeledImages] {
    [0..<50, 50..<images.size(0)].map { LabeledImages(images: images[$0], labels: labels[$0]) }
  }

  /// The labels that another function of these images gives, for faults that change the classes.
  func batches(labeledBy classifier: Classifier) -> [LabeledImages] {
    let labels = classifier(images).argmax(along: 1)
    return [LabeledImages(images: images, labels: labels)]
  }

  func saturated(_ factor: Double) -> Classifier { { honest($0) * factor } }

  /// The right values, a gradient that leads the other way.
  func reversed(_ images: Tensor) -> Tensor {
    let logits = honest(images)
    return logits.detached() * 2 - logits
  }

  /// The right values; the gradient is right at whole levels of a byte and leads the other way between them.
  func rightAtImagesOnly(_ images: Tensor) -> Tensor {
    let off = (images * 255 - rounded(images, levels: 256) * 255).magnitude().max(
      along: [1, 2, 3], keeping: false)
    let logits = honest(images)
    let there = (off .< 0.01).unsqueezed(1).expanded(to: logits.shape)
    return Tensor.select(there, logits, logits.detached() * 2 - logits)
  }

  /// Pixels rounded to L levels; the gradient of a rounding is 0, or 1 where `straightThrough`.
  func quantized(_ levels: Int, straightThrough: Bool) -> Classifier {
    {
      let whole = rounded($0, levels: levels)
      return honest(straightThrough ? whole + ($0 - $0.detached()) : whole + $0 * 0)
    }
  }

  private func rounded(_ images: Tensor, levels: Int) -> Tensor {
    let scale = Double(levels - 1)
    let whole = (images.detached() * scale + 0.5).converted(to: .int64)
    return whole.converted(to: images.dtype) / scale
  }

  /// Images that are normalised with mean 0.4 and deviation 0.4 and then clamped to [0, 1].
  func clamped(_ images: Tensor) -> Tensor { honest(((images - 0.4) / 0.4).clamped(0, 1)) }

  /// Batch norm in training mode.
  func batchwise(_ images: Tensor) -> Tensor {
    let logits = honest(images)
    return logits - logits.mean(along: [0], keeping: true)
  }

  /// A classifier with a memory: half of the mean of its last answers stays behind.
  func leaking() -> Classifier {
    let memory = Memory()
    return { images in memory.answer(honest(images)) }
  }

  final class Memory: @unchecked Sendable {
    private var left: Tensor?

    func answer(_ logits: Tensor) -> Tensor {
      let answer = left.map { logits + $0 } ?? logits
      left = answer.detached().mean(along: [0], keeping: true) * 0.5
      return answer
    }
  }

  /// Noise on the pixels, from this generator.
  func noisy(_ generator: Generator, _ size: Double = 0.05) -> Classifier {
    {
      honest($0 + Tensor.normal($0.shape, standardDeviation: size, using: generator))
    }
  }
}
