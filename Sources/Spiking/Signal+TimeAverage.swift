import Torch

extension Signal {
  /// The same values; backward, every step gets the mean over steps of what arrives at them.
  ///
  /// A constant signal is returned as it is: its one gradient is the sum over steps, and averaging keeps sums.
  func averagingGradients() -> Signal {
    guard !isConstant, steps > 1 else { return self }
    let mean = unfolded.mean(along: [0], keeping: true)
    // Broadcast over time: backward sums over steps, and the mean divides by their number.
    let zero = (mean - mean.detached()).expanded(
      to: [steps, batchSize] + values.shape.dropFirst())
    // In place, so that the layout in memory stays as it is.
    let averaged = values.detached().copied()
    averaged.addInPlace(zero.flattened(from: 0, to: 1))
    return Signal(stepped: averaged, steps: steps)
  }
}
