/// A layer that turns input current into spikes. Its state lives in the `ForwardPass`.
public protocol Neuron: Sendable {
  /// Current in, spikes out, both over all time steps.
  func callAsFunction(_ current: Signal, _ pass: inout ForwardPass) -> Signal
}
