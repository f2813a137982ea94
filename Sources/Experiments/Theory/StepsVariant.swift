import Spiking

/// A kind of network whose curvature is followed over the number of time steps.
public struct StepsVariant: Codable, Sendable, Hashable {
  public let activation: NetworkRecipe.Activation
  public let coding: NetworkRecipe.Coding
  /// nil for the artificial twin: nothing goes through time.
  public let temporalGradient: TemporalGradient?

  public init(
    _ activation: NetworkRecipe.Activation, _ coding: NetworkRecipe.Coding,
    _ temporalGradient: TemporalGradient?
  ) {
    self.activation = activation
    self.coding = coding
    self.temporalGradient = activation == .relu ? nil : temporalGradient
  }

  /// Every combination, in their order; the twin once for each coding.
  public static func grid(
    activations: [NetworkRecipe.Activation], codings: [NetworkRecipe.Coding],
    temporalGradients: [TemporalGradient]
  ) -> [StepsVariant] {
    var seen: Set<StepsVariant> = []
    return activations.flatMap { activation in
      codings.flatMap { coding in
        temporalGradients.map { StepsVariant(activation, coding, $0) }
      }
    }.filter { seen.insert($0).inserted }
  }

  /// The same image at every step and no state: all steps are the same one, so that there is nothing to be seen over T.
  public var hasNoSteps: Bool { activation == .relu && coding == .direct }

  /// `SNN, BPTT, direct coding`
  public var title: String {
    let gradient = temporalGradient.map { $0 == .throughTime ? ", BPTT" : ", SLTT" } ?? ""
    return (activation == .relu ? "ReLU twin" : "SNN") + gradient + ", \(coding) coding"
  }

  /// A network's recipe with these three and T; the rest as it was.
  func recipe(_ base: NetworkRecipe, steps: Int, dataset: String) -> NetworkRecipe {
    var recipe = base
    recipe.steps = steps
    recipe.activation = activation
    if recipe.coding != coding {
      recipe.coding = coding
      // Rate coding sends spikes, which are not normalised.
      recipe.normalization = coding == .rate ? nil : NetworkRecipe.knownNormalizations[dataset]
    }
    if let temporalGradient {
      recipe.neuron.temporalGradient = temporalGradient
    } else {
      recipe.neuron = NeuronRecipe()
    }
    return recipe
  }
}
