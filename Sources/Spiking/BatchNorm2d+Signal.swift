import Layers

extension BatchNorm2d {
  /// Normalises a signal by the statistics of all its steps together.
  public func callAsFunction(_ signal: Signal, _ pass: ForwardPass) -> Signal {
    signal.map { self($0, pass.mode, copies: signal.copies) }
  }
}
