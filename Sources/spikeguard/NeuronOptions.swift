import ArgumentParser
import Experiments
import Spiking

/// The neuron; the defaults are the paper's. Nil is an option that was not given.
struct NeuronOptions: ParsableArguments {
  private static let defaults = NeuronRecipe()

  @Option(
    help: ArgumentHelp(
      "Membrane time constant in steps; the leak is 1 − 1/τ. 'inf' is integrate-and-fire. "
        + "(default: \(defaults.tau!))"))
  var tau: Double?

  @Option(help: "Firing threshold. (default: \(defaults.threshold))")
  var threshold: Double?

  @Option(
    help: ArgumentHelp(
      "What a spike does to the membrane: subtract the threshold, return to 0, or nothing. "
        + "(default: \(defaults.reset))"))
  var reset: NeuronRecipe.ResetKind?

  @Flag(help: "Divide the input by τ.")
  var inputDecay = false

  @Flag(help: "Ignore the reset in the gradient.")
  var detachReset = false

  @Option(help: "Shape of the surrogate gradient. (default: \(defaults.surrogate))")
  var surrogate: Surrogate.Shape?

  @Option(
    help: ArgumentHelp(
      "Width of the surrogate, 1/alpha in SpikingJelly. (default: \(defaults.surrogateWidth))"))
  var surrogateWidth: Double?

  @Option(
    help: ArgumentHelp(
      "'throughTime' is BPTT, 'withinStep' is SLTT. (default: \(defaults.temporalGradient))"))
  var temporalGradient: TemporalGradient?

  /// The first of these options that was given.
  var firstGiven: String? {
    let given: [(String, Bool)] = [
      ("--tau", tau != nil), ("--threshold", threshold != nil), ("--reset", reset != nil),
      ("--input-decay", inputDecay), ("--detach-reset", detachReset),
      ("--surrogate", surrogate != nil), ("--surrogate-width", surrogateWidth != nil),
      ("--temporal-gradient", temporalGradient != nil),
    ]
    return given.first { $0.1 }?.0
  }

  var recipe: NeuronRecipe {
    var recipe = Self.defaults
    if let tau { recipe.tau = tau == .infinity ? nil : tau }
    recipe.threshold = threshold ?? recipe.threshold
    recipe.reset = reset ?? recipe.reset
    recipe.decaysInput = inputDecay
    recipe.detachesReset = detachReset
    recipe.surrogate = surrogate ?? recipe.surrogate
    recipe.surrogateWidth = surrogateWidth ?? recipe.surrogateWidth
    recipe.temporalGradient = temporalGradient ?? recipe.temporalGradient
    return recipe
  }
}
