import Layers
import Torch

/// A layer that turns input current into spikes, or into whatever stands for them. Its state lives in the
/// `ForwardPass`.
public protocol Neuron: Sendable {
  /// Current in, spikes out, both over all time steps. It is recorded in the pass.
  func callAsFunction(_ current: Signal, _ pass: inout ForwardPass) -> Signal

  /// Batch norm, the layer on what it gives, and with `averagePooling` the means of the spikes over windows of 2 × 2
  /// positions: the same numbers as one after the other, which a neuron may reach without keeping what lies between.
  func callAsFunction(
    _ current: Signal, normalizedBy normalization: BatchNorm2d, averagePooling: Bool,
    _ pass: inout ForwardPass
  ) -> Signal
}

extension Neuron {
  public func callAsFunction(
    _ current: Signal, normalizedBy normalization: BatchNorm2d, averagePooling: Bool,
    _ pass: inout ForwardPass
  ) -> Signal {
    oneByOne(current, normalization, averagePooling, &pass)
  }

  /// Batch norm, then the layer on what it gives.
  public func callAsFunction(
    _ current: Signal, normalizedBy normalization: BatchNorm2d, _ pass: inout ForwardPass
  ) -> Signal {
    self(current, normalizedBy: normalization, averagePooling: false, &pass)
  }

  func oneByOne(
    _ current: Signal, _ normalization: BatchNorm2d, _ averagePooling: Bool,
    _ pass: inout ForwardPass
  ) -> Signal {
    let spikes = self(normalization(current, pass), &pass)
    return averagePooling ? spikes.map { $0.averagePool2d(2) } : spikes
  }
}
