import Spiking
import Training

extension TrainingRecipe {
  /// - Parameter imageSize: height and width of the images.
  /// - Throws: ``UsageError`` that names the option and what it takes.
  func check(imageSize: Int) throws(UsageError) {
    func require(_ holds: Bool, _ option: String, _ expected: String, _ found: Any)
      throws(UsageError)
    {
      if !holds { throw UsageError("--\(option): expected \(expected), found \(found)") }
    }
    let (rate, mean, decay, padding) = (
      learningRate, meanSquareWeight, weightDecay, cropPadding ?? 0
    )
    let (clip, radius, factor) = (clipNorm ?? 1, sharpnessRadius ?? 1, decayFactor)
    try require((1...1_000_000).contains(epochs), "epochs", "1 to 1000000", epochs)
    try require(batchSize >= 1, "batch-size", "at least 1", batchSize)
    try require((1...1024).contains(threads ?? 1), "threads", "1 to 1024", threads ?? 1)
    try require((0...imageSize).contains(padding), "crop", "0 to \(imageSize)", padding)
    try require(mean >= 0 && mean <= 1, "mean-square-weight", "0 to 1", mean)
    try require(radius > 0 && radius <= 1000, "sharpness", "above 0, at most 1000", radius)
    try require(clip > 0 && clip.isFinite, "clip-norm", "above 0, finite", clip)
    try require(momentum >= 0 && momentum < 1, "momentum", "at least 0, below 1", momentum)
    try require(beta2 >= 0 && beta2 < 1, "beta2", "at least 0, below 1", beta2)
    try require(decay >= 0 && decay <= 1000, "weight-decay", "0 to 1000", decay)
    try require(rate > 0 && rate <= 1000, "learning-rate", "above 0, at most 1000", rate)
    try require(
      (1...1_000_000).contains(decayEvery), "decay-every", "1 to 1000000 epochs", decayEvery)
    try require(factor > 0 && factor <= 1, "decay-factor", "above 0, at most 1", factor)
    try require(
      (0..<max(epochs, 1)).contains(warmupEpochs), "warmup-epochs",
      "0 or more, and fewer than the \(epochs) epochs", warmupEpochs)
  }

  /// Step by step, a gradient sees one step only: settings that say otherwise would not be true.
  func checkUnrolling(of network: NetworkRecipe) throws(UsageError) {
    guard unrolling == .stepByStep else { return }
    guard network.activation == .relu || network.neuron.temporalGradient == .withinStep else {
      throw UsageError(
        "--unrolling stepByStep: expected --temporal-gradient withinStep, found throughTime; a "
          + "gradient through time needs all steps in one graph")
    }
    guard batchStatistics == .eachStep else {
      throw UsageError(
        "--unrolling stepByStep: expected --batch-statistics eachStep, found allSteps; statistics "
          + "of all steps need all steps at once")
    }
  }

  /// What a reader of this run's numbers must not miss.
  public var warnings: [String] {
    exposure.released.isEmpty ? [] : ["\(exposure.released)"]
  }

  /// What an exposure calls its fields, and what the command line calls them.
  static let exposureOptions = [
    "attack.epsilon": "epsilon", "attack.stepSize": "step-size", "attack.steps": "attack-steps",
    "noiseDeviation": "noise-deviation", "schedule.fromEpoch": "foreign-from-epoch",
    "schedule.batches": "foreign-batches", "foreign": "foreign",
    "released": "one-step-attack, --leaked-state, --normalized-clamp",
  ]
}

extension RunningRecipe {
  /// - Throws: ``UsageError`` that names the option and what it takes.
  func check() throws(UsageError) {
    func require(_ value: Int?, _ option: String) throws(UsageError) {
      guard let value, value < 1 else { return }
      throw UsageError("--\(option): expected at least 1, found \(value)")
    }
    try require(checkpointEvery, "checkpoint-every")
    try require(evaluateEvery, "evaluate-every")
    try require(curvatureEvery, "curvature-every")
    try require(curvatureImages, "curvature-images")
    try require(spectrumEvery, "spectrum-every")
    guard (1...256).contains(workers) else {
      throw UsageError("--workers: expected 1 to 256, found \(workers)")
    }
  }
}
