import Layers
import Torch

/// What one layer with weights took in and gave out in a forward pass.
///
/// The output has a value for each step even where the input is constant, so that the gradient that arrives at each step
/// is told from the others'. Its numbers are those of the layer, bit for bit.
public struct WeightUse: Sendable {
  public let layer: any WeightedLayer
  public let input: Signal
  /// Never constant, part of the graph.
  public let output: Signal

  init(of layer: any WeightedLayer, input: Signal, output: Signal) {
    self.layer = layer
    self.input = input
    guard output.isConstant else {
      self.output = output
      return
    }
    // Tiling forgets the order in memory, and what follows would sum in another order.
    let isChannelsLast = output.values.rank == 4 && output.values.strides[1] == 1
    let all = output.folded
    self.output = Signal(
      stepped: isChannelsLast ? all.contiguous(.channelsLast) : all, steps: output.steps)
  }
}
