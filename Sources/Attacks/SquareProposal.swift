import Torch

/// What ``Square`` tries: its first points, and how it changes a square of them.
///
/// Random numbers are drawn as pyautoattack 0.2.0 draws them: float32, on the CPU, in its order.
struct SquareProposal {
  let threat: ThreatModel

  /// The first points.
  ///
  /// L∞: vertical stripes of ±ε, drawn for each image, channel and column. L2: tiles of a fifth of the height, each with
  /// the ``SquarePattern`` of a random sign for each image and channel, scaled to length ε.
  func start(_ images: Tensor, using generator: Generator) -> Tensor {
    let (batch, channels) = (images.size(0), images.size(1))
    let (height, width) = (images.size(2), images.size(3))
    switch threat.norm {
    case .linf:
      let signs = signs([batch, channels, 1, width], like: images, using: generator)
      return (images + signs * threat.epsilon).clamped(0, 1)
    case .l2:
      let delta = Tensor.zeros(like: images)
      let side = max(height / 5, 1)
      let margin = max((height - side * 5) / 2, 0)
      for row in 0..<height / side {
        for column in 0..<width / side {
          let pattern = SquarePattern.random(side: side, using: generator)
          let signs = signs([batch, channels, 1, 1], like: images, using: generator)
          let (top, left) = (margin + row * side, margin + column * side)
          let tile = Window(top: top, left: left, height: side, width: side).clipped(height, width)
          tile.of(delta).addInPlace(
            pattern.converted(to: images.dtype).moved(to: images.device)
              .slicing(0..<tile.height, along: 0).slicing(0..<tile.width, along: 1) * signs)
        }
      }
      return (images + scaledToBall(delta)).clamped(0, 1)
    }
  }

  /// Points that differ from `best` in a square of the given side.
  func next(_ best: Tensor, from images: Tensor, side: Int, using generator: Generator) -> Tensor {
    switch threat.norm {
    case .linf: nextInBox(best, from: images, side: side, using: generator)
    case .l2: nextInSphere(best, from: images, side: side, using: generator)
    }
  }

  /// ±2ε, one sign for each channel, on the square of all images; clipped to the ball.
  private func nextInBox(
    _ best: Tensor, from images: Tensor, side: Int, using generator: Generator
  ) -> Tensor {
    let square = window(in: images, side: side, using: generator)
    let signs = signs([images.size(1), 1, 1], like: images, using: generator)
    let moved = best.copied()
    square.of(moved).addInPlace(signs * (2 * threat.epsilon))
    let bounded = Tensor.minimum(
      Tensor.maximum(moved, images - threat.epsilon), images + threat.epsilon)
    return bounded.clamped(0, 1)
  }

  /// The change moves from a second square to the first, which also gets the length that is left of ε.
  ///
  /// In each channel: new = u/‖u‖ · √((ε² − ‖δ‖²)₊/C + ‖δ on both squares‖²), u = ± pattern + δ/‖δ‖ on the first.
  private func nextInSphere(
    _ best: Tensor, from images: Tensor, side: Int, using generator: Generator
  ) -> Tensor {
    let delta = best - images
    let first = window(in: images, side: side, using: generator)
    let second = window(in: images, side: side, using: generator)
    let pattern = SquarePattern.random(side: side, using: generator)
      .converted(to: images.dtype).moved(to: images.device)
    let signs = signs(
      [images.size(0), images.size(1), 1, 1], like: images, using: generator)

    let mask = Tensor.zeros(like: images)
    let one = Tensor.full(1, shape: [1], dtype: images.dtype, device: images.device)
    first.of(mask).copyInPlace(from: one)
    second.of(mask).copyInPlace(from: one)
    let onBoth = channelLength(delta * mask)
    let whole = wholeLength(delta)
    let epsilon = Tensor.full(
      threat.epsilon, shape: [1], dtype: images.dtype, device: images.device)
    let free = (epsilon.squared() - whole.squared()).clamped(0, nil) / Double(images.size(1))
    let old = first.of(delta) / (channelLength(first.of(delta)) + 1e-12)
    let wanted = pattern * signs + old
    let new = wanted / (channelLength(wanted) + 1e-12) * (free + onBoth.squared()).squareRoot()
    second.of(delta).copyInPlace(from: Tensor.zeros(like: one))
    first.of(delta).copyInPlace(from: new)
    return (images + scaledToBall(delta)).clamped(0, 1)
  }

  /// ε δ/‖δ‖
  private func scaledToBall(_ delta: Tensor) -> Tensor {
    delta / (wholeLength(delta) + 1e-12) * threat.epsilon
  }

  // Sums of squares, not the engine's norm: that rounds otherwise, and a seed would not mean the same.

  /// The length of each image, `[B, 1, 1, 1]`.
  private func wholeLength(_ delta: Tensor) -> Tensor {
    ThreatModel.rows(delta).squared().sum(along: [1]).squareRoot()
      .reshaped([delta.size(0), 1, 1, 1])
  }

  /// The length of each channel, `[B, C, 1, 1]`.
  private func channelLength(_ delta: Tensor) -> Tensor {
    delta.squared().sum(along: [2, 3], keeping: true).squareRoot()
  }

  private func signs(_ shape: [Int], like images: Tensor, using generator: Generator) -> Tensor {
    Tensor.uniform(shape, in: -1...1, using: generator).sign().converted(to: images.dtype)
      .moved(to: images.device)
  }

  private func window(in images: Tensor, side: Int, using generator: Generator) -> Window {
    func place(_ room: Int) -> Int {
      Int((Tensor.uniform([1], using: generator) * Double(room)).item())
    }
    let top = place(images.size(2) - side)
    let left = place(images.size(3) - side)
    return Window(top: top, left: left, height: side, width: side)
  }
}

/// A rectangle of pixels.
private struct Window {
  let top: Int
  let left: Int
  let height: Int
  let width: Int

  /// What of it lies in a picture of the given size.
  func clipped(_ rows: Int, _ columns: Int) -> Window {
    let (top, left) = (min(top, rows), min(left, columns))
    return Window(
      top: top, left: left, height: min(height, rows - top), width: min(width, columns - left))
  }

  /// These pixels of `[B, C, H, W]`, as a view.
  func of(_ images: Tensor) -> Tensor {
    images.slicing(top..<top + height, along: 2).slicing(left..<left + width, along: 3)
  }
}
