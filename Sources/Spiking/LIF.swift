import Torch

/// A layer of leaky integrate-and-fire neurons, walked through all time steps in one call.
///
/// For each neuron, with input current x and v[−1] = 0:
///
///     h[t] = leak · v[t−1] + inputScale · x[t]
///     s[t] = 1 if h[t] ≥ threshold, else 0
///     v[t] = h[t] − threshold · s[t]     (soft reset)
///            h[t] · (1 − s[t])           (hard reset)
///
/// Backward, ds/dh is the surrogate's derivative at h − threshold. The defaults are the paper's neuron:
/// τ = 1.1, threshold 1, soft reset, no input decay, reset attached to the graph.
public struct LIF: Neuron, Equatable {
  public enum Implementation: Sendable {
    /// One kernel for all steps. It stores nothing but its input and recomputes potentials backward.
    case fused
    /// Tensor operations step by step: slow, and the reference for the fused kernel.
    case composed
  }

  /// Factor by which the membrane decays in a step, 1 − 1/τ; 1 for integrate-and-fire.
  public var leak: Double
  /// Factor on the input current: 1, or 1/τ with input decay.
  public var inputScale: Double
  public var threshold: Double
  public var reset: Reset
  /// Whether the gradient ignores the path through the reset.
  public var detachesReset: Bool
  public var surrogate: Surrogate
  /// Factor on the surrogate's derivative. It is no factor on the gradient: the paths through reset and
  /// membrane are scaled at every spike that they pass.
  public var surrogateScale: Double
  public var temporalGradient: TemporalGradient
  /// False replaces the spike by the surrogate's primitive G, so that finite differences mean something.
  public var isSpiking: Bool
  public var implementation: Implementation

  /// - Parameters:
  ///   - tau: membrane time constant in steps, at least 1; leak is 1 − 1/τ.
  ///   - decaysInput: divide the input by τ, as in `v += (x − v) / τ`.
  public init(
    tau: Double = 1.1, threshold: Double = 1, reset: Reset = .soft, decaysInput: Bool = false,
    detachesReset: Bool = false, surrogate: Surrogate = .triangle(width: 1),
    surrogateScale: Double = 1, temporalGradient: TemporalGradient = .throughTime,
    isSpiking: Bool = true,
    implementation: Implementation = .fused
  ) {
    precondition(tau >= 1, "LIF: τ must be at least 1, got \(tau)")
    precondition(
      surrogateScale > 0 && surrogateScale.isFinite,
      "LIF: a surrogate's scale must be positive, got \(surrogateScale)")
    leak = 1 - 1 / tau
    inputScale = decaysInput ? 1 / tau : 1
    self.threshold = threshold
    self.reset = reset
    self.detachesReset = detachesReset
    self.surrogate = surrogate
    self.surrogateScale = surrogateScale
    self.temporalGradient = temporalGradient
    self.isSpiking = isSpiking
    self.implementation = implementation
  }

  /// Integrate-and-fire: no leak.
  public static func integrateAndFire(
    threshold: Double = 1, reset: Reset = .soft, surrogate: Surrogate = .triangle(width: 1)
  ) -> LIF {
    var neuron = LIF(threshold: threshold, reset: reset, surrogate: surrogate)
    neuron.leak = 1
    return neuron
  }

  /// Current in, spikes out, both over all time steps.
  public func callAsFunction(_ current: Signal, _ pass: inout ForwardPass) -> Signal {
    let view = pass.gradientView ?? GradientView()
    if case .unit(let unit) = view.rule { return unit(current, threshold: threshold, &pass) }
    let neuron = viewed(by: view)
    precondition(
      !pass.walksSteps || (neuron.temporalGradient == .withinStep && !view.rule.seesAllSteps),
      "LIF: the gradient through time needs all steps in one graph; use TemporalGradient.withinStep "
        + "step by step, or Unrolling.allSteps")
    let response = neuron.respond(
      to: current, from: pass.nextMembrane, keepingMembrane: pass.carriesMembranes,
      under: view.rule, layer: pass.layer)
    pass.record(
      LayerActivity(spikes: response.count, opportunities: response.spikes.count),
      membrane: response.membrane)
    let output = Signal(stepped: response.spikes, steps: current.steps)
    pass.trace?.append(NeuronTrace(current: current, output: output))
    return output
  }

  /// What a layer of neurons gives back.
  public struct Response {
    /// `[T·B, …]`, 0 or 1 (or between, when not spiking).
    public let spikes: Tensor
    /// Potentials after the last step, `[B, …]`, if they were asked for. Not differentiable.
    public let membrane: Tensor?
    /// How many spikes there were, an int64 scalar; 0 when not spiking.
    public let count: Tensor
  }

  /// The layer as a function of its input and starting potentials.
  ///
  /// - Parameter membrane: potentials to start from, `[B, …]`; a constant to the gradient.
  public func respond(
    to current: Signal, from membrane: Tensor? = nil, keepingMembrane: Bool = false
  ) -> Response {
    switch implementation {
    case .fused: fused(current, membrane, keepingMembrane)
    case .composed: composed(current, membrane)
    }
  }
}
