/// Where the networks of a steps diagnostic come from.
public enum StepsSource: Sendable {
  /// One set of weights, run again with another T, coding, unit and temporal gradient. What it was not trained for is named
  /// in the results.
  case weights(LoadedNetwork)
  /// A network for each variant and T, from the same initial weights.
  case settings(NetworkRecipe, StepsTraining)

  public var recipe: NetworkRecipe {
    switch self {
    case .weights(let loaded): loaded.recipe
    case .settings(let recipe, _): recipe
    }
  }
}
