import Layers
import Torch

/// All that one forward pass through a network owns: its mode, membrane potentials and measurements.
///
/// It is created for a pass and dies with it, so there is nothing to reset and nothing can leak from an
/// attack into a training step, unless one pass is told to start from another.
public struct ForwardPass {
  public let mode: Mode
  /// Replaces the neurons' backward rule; the forward pass stays the same, unless the view
  /// ``GradientView/changesForward``.
  public let gradientView: GradientView?
  /// Keep each neuron layer's membrane at the end of a call and start the next call with this pass from
  /// it, so that a long sequence can be walked piece by piece. Gradients stop at the seam.
  public private(set) var carriesMembranes: Bool
  /// Over which time steps batch norm gathers its statistics in training mode.
  public let batchStatistics: BatchStatistics
  /// Where stochastic parts draw from; nil when nothing random may happen.
  public let generator: Generator?
  /// Set it to count multiply-accumulates without doing them: layers with weights then give zeros of the
  /// right shape, and everything else runs.
  public var operations: OperationCount?
  /// Set it to an empty list to keep what every neuron layer takes in and gives out in the next call, part of the
  /// graph as they are, so that gradients can be asked of them.
  public var trace: [NeuronTrace]?
  /// Set it to an empty list to keep what every layer with weights takes in and gives out in the next call, part of the
  /// graph as they are: see ``WeightUse``.
  public var weightUses: [WeightUse]?

  /// What each neuron layer emitted in the last call, from the input to the output.
  public private(set) var activity: [LayerActivity] = []
  /// Whether calls are time steps of one walk: their activity adds up.
  private(set) var walksSteps = false
  private var membranes: [Tensor?] = []
  /// Neuron layers of this call that are done: the index of the next one.
  public private(set) var layer = 0

  /// - Parameters:
  ///   - earlier: a pass through the same network on as many examples, whose last membranes the first call
  ///     starts from; every call, where this pass does not carry its own. They are constants to the gradient.
  ///   - generator: what stochastic parts draw from, such as ``PoissonEncoding``.
  /// - Precondition: the earlier pass carries its membranes; another keeps none.
  public init(
    _ mode: Mode, startingFrom earlier: ForwardPass? = nil, gradientView: GradientView? = nil,
    carryingMembranes: Bool = false, batchStatistics: BatchStatistics = .allSteps,
    using generator: Generator? = nil
  ) {
    precondition(
      earlier?.carriesMembranes ?? true,
      "ForwardPass(startingFrom:): the earlier pass kept no membranes; make it with "
        + "carryingMembranes: true")
    self.mode = mode
    self.generator = generator
    self.gradientView = gradientView
    self.batchStatistics = batchStatistics
    carriesMembranes = carryingMembranes
    membranes = earlier?.membranes ?? []
  }

  /// Called by a network when it starts on an input.
  public mutating func begin() {
    layer = 0
    if !walksSteps { activity = [] }
    if trace != nil { trace = [] }
    if weightUses != nil { weightUses = [] }
  }

  /// The potentials that the next neuron layer starts from; nil means zero.
  public var nextMembrane: Tensor? { layer < membranes.count ? membranes[layer] : nil }

  /// Called by a neuron layer when it is done.
  ///
  /// - Parameter membrane: its potentials after the last step, where ``carriesMembranes``; nil for a layer
  ///   without state.
  public mutating func record(_ emitted: LayerActivity, membrane: Tensor?) {
    if carriesMembranes {
      if layer < membranes.count { membranes[layer] = membrane } else { membranes.append(membrane) }
    }
    if walksSteps, layer < activity.count {
      activity[layer] = activity[layer].adding(emitted)
    } else {
      activity.append(emitted)
    }
    layer += 1
  }

  /// Spikes for each neuron and time step, over all layers: between 0 and 1.
  public var spikeRate: Double {
    let neurons = activity.reduce(0) { $0 + $1.opportunities }
    guard neurons > 0 else { return 0 }
    return activity.reduce(0) { $0 + $1.spikeCount } / Double(neurons)
  }
}

extension ForwardPass {
  /// Walks a network's time steps with one call each: membranes go from step to step, and the activity is
  /// that of all of them.
  mutating func walkingSteps<Result>(_ walk: (inout ForwardPass) -> Result) -> Result {
    var steps = self
    steps.walksSteps = true
    steps.carriesMembranes = true
    steps.activity = []
    let result = walk(&steps)
    activity = steps.activity
    layer = steps.layer
    if carriesMembranes { membranes = steps.membranes }
    return result
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

  /// Both together, as of two time steps of one layer.
  func adding(_ other: LayerActivity) -> LayerActivity {
    LayerActivity(
      spikes: spikes + other.spikes, opportunities: opportunities + other.opportunities)
  }

  public var spikeCount: Double { spikes.item() }
  public var rate: Double { opportunities == 0 ? 0 : spikeCount / Double(opportunities) }
}
