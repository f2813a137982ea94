/// A layer that turns input current into spikes, or into whatever stands for them. Its state lives in the
/// `ForwardPass`.
public protocol Neuron: Sendable {
  /// Current in, spikes out, both over all time steps. It is recorded in the pass.
  func callAsFunction(_ current: Signal, _ pass: inout ForwardPass) -> Signal
}
