import Torch

/// Pictures of ten classes to train a network on where there is no data set: the class's own coarse field, blended with
/// another one and noise, in [0, 1].
struct Pictures {
  let channels: Int
  let size: Int
  /// Of the coarse fields.
  private let cells = 4
  private let templates: Tensor

  /// - Parameter size: a multiple of 4.
  init(channels: Int, size: Int, seed: UInt64) {
    self.channels = channels
    self.size = size
    templates = Tensor.uniform([10, channels, 4, 4], using: Generator(seed: seed))
  }

  /// Images `[B, C, H, W]` and labels `[B]`.
  func draw(_ count: Int, using generator: Generator) -> (images: Tensor, labels: Tensor) {
    let labels = (Tensor.uniform([count], using: generator) * 10).converted(to: .int64)
    let other = Tensor.uniform([count, channels, cells, cells], using: generator)
    let noise = Tensor.normal([count, channels, size, size], using: generator)
    let fields = templates.gathering(labels) * 0.5 + other * 0.5
    return ((enlarged(fields) + noise * 0.1).clamped(0, 1), labels)
  }

  /// Every cell as a square.
  private func enlarged(_ fields: Tensor) -> Tensor {
    let side = size / cells
    return fields.reshaped([-1, channels, cells, 1, cells, 1])
      .expanded(to: [fields.size(0), channels, cells, side, cells, side])
      .reshaped([-1, channels, size, size])
  }
}
