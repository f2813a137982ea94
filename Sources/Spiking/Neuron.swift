import Torch

/// A layer that turns input current into spikes, or into whatever stands for them. Its state lives in the
/// `ForwardPass`.
public protocol Neuron: Sendable {
  /// Current in, spikes out, both over all time steps. It is recorded in the pass.
  func callAsFunction(_ current: Signal, _ pass: inout ForwardPass) -> Signal

  /// Current in, means of the spikes over windows of 2 × 2 positions out: the same numbers as an average pool after the
  /// layer, which a neuron may reach without keeping the spikes.
  func averagePooled(_ current: Signal, _ pass: inout ForwardPass) -> Signal
}

extension Neuron {
  public func averagePooled(_ current: Signal, _ pass: inout ForwardPass) -> Signal {
    self(current, &pass).map { $0.averagePool2d(2) }
  }
}
