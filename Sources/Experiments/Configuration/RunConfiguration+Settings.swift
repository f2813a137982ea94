import Datasets

extension RunConfiguration {
  /// Settings that belong together, in the order in which a configuration is printed.
  public struct Section: Sendable {
    public let title: String
    public let settings: [Setting]
  }

  public static let sections = [
    Section(
      title: "Data",
      settings: [
        .text("data", \.data.source),
        .integer("limit", \.data.limit, empty: "all"),
        .integer("validation", \.data.validation),
        .integer("crop", \.training.cropPadding, empty: "none"),
        .flag("flip", \.training.flips),
      ]),
    Section(
      title: "Network",
      settings: [
        .choice("model", \.network.model),
        .choice("stem", \.network.stem, empty: "auto"),
        .choice("activation", \.network.activation),
        .integer("classes", \.classes, empty: "auto"),
        .choice("head", \.network.head),
        .number("width", \.network.width),
        .integer("time-steps", \.network.steps),
        .numbers("mean", \.mean, empty: "auto"),
        .numbers("deviation", \.deviation, empty: "auto"),
      ]),
    Section(
      title: "Neuron",
      settings: [
        .number("tau", \.network.neuron.tau, empty: "inf"),
        .number("threshold", \.network.neuron.threshold),
        .choice("reset", \.network.neuron.reset),
        .flag("input-decay", \.network.neuron.decaysInput),
        .flag("detach-reset", \.network.neuron.detachesReset),
        .choice("surrogate", \.network.neuron.surrogate),
        .number("surrogate-width", \.network.neuron.surrogateWidth),
        .choice("temporal-gradient", \.network.neuron.temporalGradient),
      ]),
    Section(
      title: "Optimisation",
      settings: [
        .integer("epochs", \.training.epochs),
        .integer("batch-size", \.training.batchSize),
        .choice("deflation", \.training.deflation),
        .number("learning-rate", \.training.learningRate),
        .number("momentum", \.training.momentum),
        .number("weight-decay", \.training.weightDecay),
        .number("mean-square-weight", \.training.meanSquareWeight),
        .seed("seed", \.training.seed),
      ]),
    Section(
      title: "Running",
      settings: [
        .integer("checkpoint-every", \.running.checkpointEvery, empty: "epoch"),
        .integer("evaluate-every", \.running.evaluateEvery, empty: "end"),
        .integer("workers", \.running.workers),
        .flag("monitor", \.running.monitors),
      ]),
  ]

  public static let settings = sections.flatMap(\.settings)

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
