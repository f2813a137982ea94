import Layers
import Torch

/// All that one forward pass through a network owns: its mode, membrane potentials and measurements.
///
/// It is created for a pass and dies with it, so there is nothing to reset and nothing can leak from an
/// attack into a training step.
public struct ForwardPass {
  public let mode: Mode
  /// Replaces the neurons' backward rule; the forward pass stays the same.
  public let gradientView: GradientView?
  /// Keep each neuron layer's membrane at the end of a call and start the next call with this pass from
  /// it, so that a long sequence can be walked piece by piece. Gradients stop at the seam.
  public let carriesMembranes: Bool
  /// Where stochastic parts draw from; nil when nothing random may happen.
  public let generator: Generator?
  /// Set it to count multiply-accumulates without doing them: layers with weights then give zeros of the
  /// right shape, and everything else runs.
  public var operations: OperationCount?

  /// What each neuron layer emitted in the last call, from the input to the output.
  public private(set) var activity: [LayerActivity] = []
  private var membranes: [Tensor] = []

  public init(
    _ mode: Mode, gradientView: GradientView? = nil, carryingMembranes: Bool = false,
    using generator: Generator? = nil
  ) {
    self.mode = mode
    self.generator = generator
    self.gradientView = gradientView
    carriesMembranes = carryingMembranes
  }

  /// Called by a network when it starts on an input.
  public mutating func begin() { activity = [] }

  /// The potentials that the next neuron layer starts from; nil means zero.
  public var nextMembrane: Tensor? {
    activity.count < membranes.count ? membranes[activity.count] : nil
  }

  /// Called by a neuron layer when it is done.
  public mutating func record(_ layer: LayerActivity, membrane: Tensor?) {
    if carriesMembranes, let membrane {
      let index = activity.count
      if index < membranes.count { membranes[index] = membrane } else { membranes.append(membrane) }
    }
    activity.append(layer)
  }

  /// Spikes for each neuron and time step, over all layers: between 0 and 1.
  public var spikeRate: Double {
    let neurons = activity.reduce(0) { $0 + $1.opportunities }
    guard neurons > 0 else { return 0 }
    return activity.reduce(0) { $0 + $1.spikeCount } / Double(neurons)
  }
}

/// What one neuron layer emitted.
public struct LayerActivity: Sendable {
  private let spikes: Tensor
  /// Neurons × examples × time steps.
  public let opportunities: Int

  /// - Parameter spikes: the number of spikes, a scalar tensor.
  public init(spikes: Tensor, opportunities: Int) {
    self.spikes = spikes
    self.opportunities = opportunities
  }

  public var spikeCount: Double { spikes.item() }
  public var rate: Double { opportunities == 0 ? 0 : spikeCount / Double(opportunities) }
}

/// Another backward rule for the same forward pass: how attacks look past one surrogate's blind spots.
public struct GradientView: Sendable, Equatable {
  /// nil keeps each neuron's own.
  public var surrogate: Surrogate?
  /// nil keeps each neuron's own.
  public var temporalGradient: TemporalGradient?

  public init(surrogate: Surrogate? = nil, temporalGradient: TemporalGradient? = nil) {
    self.surrogate = surrogate
    self.temporalGradient = temporalGradient
  }
}
