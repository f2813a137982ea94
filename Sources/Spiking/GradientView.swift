/// Another backward rule for the same forward pass: how attacks look past one surrogate's blind spots.
///
/// The neurons' values stay what they are, bit for bit; only what the gradient does at a spike is another. The one
/// exception, a network of artificial units on the same weights, says so (``changesForward``). Layers that do not
/// spike (``Rectifier``) have a derivative of their own and ignore views.
///
/// ``NamedGradientView/catalogue`` lists those of the literature by name.
public struct GradientView: Sendable, Equatable {
  /// nil keeps each neuron's own.
  public var surrogate: Surrogate?
  /// Factor on the surrogate's derivative; nil keeps each neuron's own, which is 1 unless it says otherwise.
  public var surrogateScale: Double?
  /// nil keeps each neuron's own.
  public var temporalGradient: TemporalGradient?
  /// What stands in for the derivative of a spike.
  public var rule: Rule

  /// What the gradient does at a layer of spiking neurons. With x the input current, h the potential before the
  /// reset and s the spike of a step:
  public enum Rule: Sendable, Equatable {
    /// ds/dh is the surrogate's derivative.
    case surrogate
    /// ds/dh = 1, everywhere; reset and membrane pass the gradient on as they do under a surrogate.
    case straightThrough
    /// ds[t]/dx[t] = 1 if the neuron fired in any step, else 0: backward pass through rate (Ding et al., "SNN-RAT",
    /// NeurIPS 2022). Nothing passes from step to step, and a neuron that never fires passes nothing.
    case firedAtLeastOnce
    /// ds[t]/dx[t] is the derivative of a firing rate at the current's mean over time.
    case rate(RateGradient)
    /// The surrogate's gradient, averaged over time at the neuron's input: dL/dx[t] = mean over r of dL/dx[r].
    case timeAveraged
    /// ds/dh is a normal density that follows the layer's own potentials.
    case potentialDependent(PotentialDependentSurrogate)
    /// ds/dh is an arctan whose sharpness follows each neuron's potentials over the iterations of an attack.
    case adaptive(AdaptiveSharpness, SurrogateMemory)
    /// Artificial units in place of the neurons: another forward pass.
    case unit(ArtificialUnit)

    /// Whether the rule needs all time steps at once, so that steps cannot be walked one by one.
    var seesAllSteps: Bool {
      switch self {
      case .surrogate, .straightThrough, .unit: false
      case .firedAtLeastOnce, .rate, .timeAveraged, .potentialDependent, .adaptive: true
      }
    }
  }

  public init(
    surrogate: Surrogate? = nil, surrogateScale: Double? = nil,
    temporalGradient: TemporalGradient? = nil, rule: Rule = .surrogate
  ) {
    self.surrogate = surrogate
    self.surrogateScale = surrogateScale
    self.temporalGradient = temporalGradient
    self.rule = rule
  }

  /// Whether the network's values are others under this view: it is then a substitute, from which attacks are
  /// transferred, and no white-box view of the network itself.
  public var changesForward: Bool {
    if case .unit = rule { true } else { false }
  }

  /// Whether a call leaves something behind that the next one sees: such a view is made afresh for every run of an
  /// attack, and sees one fixed batch.
  public var isStateful: Bool {
    if case .adaptive = rule { true } else { false }
  }
}

extension GradientView {
  /// `scale` times the derivative of a surrogate, through time.
  public static func surrogate(_ surrogate: Surrogate, scale: Double = 1) -> GradientView {
    GradientView(surrogate: surrogate, surrogateScale: scale, temporalGradient: .throughTime)
  }

  /// HART (Hao et al., ICLR 2024): the gradient of each step for itself through a triangle, averaged over time at
  /// every neuron's input.
  ///
  /// The average is the arithmetic mean over steps of the authors' release, in which membranes are constants from
  /// step to step. Its γ is this width.
  public static func hart(width: Double) -> GradientView {
    GradientView(
      surrogate: .triangle(width: width), surrogateScale: 1, temporalGradient: .withinStep,
      rule: .timeAveraged)
  }
}
