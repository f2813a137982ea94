/// What one neuron layer took in and gave out in a forward pass.
public struct NeuronTrace: Sendable {
  public let current: Signal
  public let output: Signal
}
