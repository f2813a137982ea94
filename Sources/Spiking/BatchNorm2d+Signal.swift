import Layers
import Torch

extension BatchNorm2d {
  /// Normalises a signal by the statistics that the pass asks for (``BatchStatistics``).
  ///
  /// A constant signal stays constant under either choice. Step by step it is normalised once, and the running
  /// statistics move T times towards the same batch: r ← (1 − momentum) r + momentum s, T times over.
  public func callAsFunction(_ signal: Signal, _ pass: ForwardPass) -> Signal {
    guard pass.mode == .training, pass.batchStatistics == .eachStep, signal.steps > 1 else {
      return signal.map { self($0, pass.mode, copies: signal.copies) }
    }
    guard !signal.isConstant else { return signal.map { normalizedAlone($0, moves: signal.steps) } }
    let steps = signal.eachStep.map { normalizedAlone($0, moves: 1) }
    return Signal(stepped: .concatenating(steps), steps: signal.steps)
  }
}
