import Datasets
import Training

extension RunConfiguration {
  /// Settings that belong together, in the order in which a configuration is printed.
  public struct Section: Sendable {
    public let title: String
    public let settings: [Setting]
  }

  public static let sections = [
    Section(title: "Protocol", settings: protocolSettings),
    Section(title: "Data", settings: dataSettings),
    Section(title: "Network", settings: networkSettings),
    Section(title: "Neuron", settings: neuronSettings),
    Section(title: "Regime", settings: regimeSettings),
    Section(title: "Optimisation", settings: optimisationSettings),
    Section(title: "Running", settings: runningSettings),
  ]

  public static let settings = sections.flatMap(\.settings)

  private static let protocolSettings: [Setting] = [.trainingProtocol]

  private static let dataSettings: [Setting] = [
    .text("data", \.data.source),
    .text("test-data", \.data.testSource, empty: "auto"),
    .integer("limit", \.data.limit, empty: "all"),
    .integer("validation", \.data.validation),
    .integer("crop", \.training.cropPadding, empty: "none"),
    .flag("cutout", \.training.cutout),
    .flag("flip", \.training.flips),
  ]

  private static let networkSettings: [Setting] = [
    .choice("model", \.network.model),
    .choice("stem", \.network.stem, empty: "auto"),
    .choice("activation", \.network.activation),
    .integer("classes", \.classes, empty: "auto"),
    .choice("head", \.network.head),
    .number("width", \.network.width),
    .choice("coding", \.network.coding),
    .integer("time-steps", \.network.steps),
    .numbers("mean", \.mean, empty: "auto"),
    .numbers("deviation", \.deviation, empty: "auto"),
  ]

  private static let neuronSettings: [Setting] = [
    .number("tau", \.network.neuron.tau, empty: "inf"),
    .number("threshold", \.network.neuron.threshold),
    .choice("reset", \.network.neuron.reset),
    .flag("input-decay", \.network.neuron.decaysInput),
    .flag("detach-reset", \.network.neuron.detachesReset),
    .choice("surrogate", \.network.neuron.surrogate),
    .number("surrogate-width", \.network.neuron.surrogateWidth),
    .choice("temporal-gradient", \.network.neuron.temporalGradient),
  ]

  private static let regimeSettings: [Setting] = [
    .choice("regime", \.training.exposure.base),
    .choice("attack", \.training.exposure.attack.method),
    .pixels("epsilon", \.training.exposure.attack.epsilon),
    .pixels("step-size", \.training.exposure.attack.stepSize),
    .integer("attack-steps", \.training.exposure.attack.steps),
    .number("noise-deviation", \.training.exposure.noiseDeviation),
    .choice("foreign", \.training.exposure.foreign, empty: "none"),
    .integer("foreign-batches", \.training.exposure.schedule.batches),
    .choice("foreign-place", \.training.exposure.schedule.place),
    .choice("foreign-cadence", \.training.exposure.schedule.cadence),
    .integer("foreign-from-epoch", \.training.exposure.schedule.fromEpoch),
    .flag("one-step-attack", \.training.attacksOneStep),
    .flag("leaked-state", \.training.leaksState),
    .flag("normalized-clamp", \.training.clampsNormalized),
  ]

  private static let optimisationSettings: [Setting] = [
    .integer("epochs", \.training.epochs),
    .integer("batch-size", \.training.batchSize),
    .number("mean-square-weight", \.training.meanSquareWeight),
    .choice("batch-statistics", \.training.batchStatistics),
    .choice("unrolling", \.training.unrolling),
    .number("sharpness", \.training.sharpnessRadius, empty: "none"),
    .choice("sharpness-neighborhood", \.training.sharpnessNeighborhood),
    .choice("deflation", \.training.deflation),
    .number("clip-norm", \.training.clipNorm, empty: "none"),
    .choice("optimizer", \.training.method),
    .number("momentum", \.training.momentum),
    .number("beta2", \.training.beta2),
    .number("weight-decay", \.training.weightDecay),
    .number("learning-rate", \.training.learningRate),
    .choice("decay", \.training.decay),
    .choice("decay-unit", \.training.decayUnit),
    .integer("decay-every", \.training.decayEvery),
    .number("decay-factor", \.training.decayFactor),
    .integer("warmup-epochs", \.training.warmupEpochs),
    .seed("seed", \.training.seed),
    .integer("threads", \.training.threads, empty: "auto"),
  ]

  private static let runningSettings: [Setting] = [
    .integer("checkpoint-every", \.running.checkpointEvery, empty: "epoch"),
    .integer("evaluate-every", \.running.evaluateEvery, empty: "end"),
    .integer("workers", \.running.workers),
    .flag("monitor", \.running.monitors),
    .integer("curvature-every", \.running.curvatureEvery, empty: "none"),
    .integer("curvature-images", \.running.curvatureImages),
    .integer("spectrum-every", \.running.spectrumEvery, empty: "none"),
  ]

  public static func setting(_ key: String) -> Setting? { settings.first { $0.key == key } }

  /// Changes one value by its name.
  ///
  /// - Parameter place: what an error names it by: `--epochs`, or `run.yaml:3: epochs`.
  /// - Throws: ``UsageError`` for an unknown name, with a suggestion, and for a text that does not fit.
  public mutating func set(
    _ key: String, to text: String, at place: String
  ) throws(UsageError) {
    guard let setting = Self.setting(key) else {
      let near = key.nearest(in: Self.settings.map(\.key))
      throw UsageError(
        "\(place): expected the name of a setting, found '\(key)'; "
          + (near.map { "did you mean '\($0)'?" }
            ?? "--print-config prints all names"))
    }
    guard setting.write(&self, text) else {
      throw UsageError("\(place): expected \(setting.expected), found '\(text)'")
    }
  }
}
