import Training

/// A run folder's `results.json`: the final numbers.
public struct RunResults: Codable, Sendable, Equatable {
  public let spikeguard: String
  public let network: NetworkRecipe
  public let training: TrainingRecipe
  public let dataset: DatasetFacts
  public let history: [EpochReport]
  public let evaluations: [Evaluation]
  public let best: BestEpoch?
  /// Where the training fell off a cliff, and whether it came back; nil without a monitor.
  public let collapses: [CollapseReport]?
  /// How many more there were than are listed.
  public let collapsesNotListed: Int?
  /// On the test images, with the weights of the last step.
  public let clean: Score?
  /// λ_max and singular values in training, and what they cost; nil where nothing was measured.
  public let measurements: RunMeasurements?
  /// What a reader must not miss, as "not a valid evaluation".
  public let warnings: [String]
  /// Time in training steps.
  public let seconds: Double
}

extension TrainingJob.Outcome {
  public var results: RunResults {
    RunResults(
      spikeguard: manifest.spikeguard, network: manifest.network, training: manifest.training,
      dataset: manifest.dataset, history: manifest.history,
      evaluations: manifest.session.evaluations, best: manifest.session.best,
      collapses: manifest.session.monitor?.collapses,
      collapsesNotListed: manifest.session.monitor?.collapsesNotKept, clean: test,
      measurements: manifest.session.measurements,
      warnings: manifest.training.warnings,
      seconds: seconds)
  }
}
