import Torch

/// The rectifier max(0, x) in a neuron's place, at each step for itself: the artificial twin of a spiking network.
///
/// It has no state, so a constant signal stays constant, and under direct coding the whole network is computed
/// once. The pass records the share of active units (x > 0) where a spiking layer records its rate. A gradient view
/// does not change it: its derivative is its own, 1 above zero and 0 elsewhere.
public struct Rectifier: Neuron, Equatable {
  public init() {}

  public func callAsFunction(_ current: Signal, _ pass: inout ForwardPass) -> Signal {
    let output = current.map { $0.relu() }
    pass.recordUnits(output, of: current)
    return output
  }
}
