import ArgumentParser
import Experiments

extension AttackName: ExpressibleByArgument {}

/// Which attack, with which numbers, through what.
struct AttackOptions: ParsableArguments {
  @Option(help: "Attack, by its name.")
  var attack = AttackName.pgd

  @Option(help: "Norm of a change.")
  var norm = EvaluationRecipe.Norm.linf

  @Option(help: "Largest change, as 8/255 or 0.03. (default: 8/255; 0.5 with --norm l2)")
  var epsilon: String?

  @Option(help: "Length of a step, as --epsilon.")
  var stepSize: String?

  @Option(help: "Gradient steps in each run.")
  var steps: Int?

  @Option(help: "Runs, mostly from random starts; the worst counts for each image.")
  var restarts: Int?

  @Option(help: "Queries of the random search.")
  var queries: Int?

  @Option(help: "Random points of each image.")
  var samples: Int?

  @Option(help: "Standard deviation of Gaussian noise, as --epsilon.")
  var noiseDeviation: String?

  @Flag(inversion: .prefixedNo, help: "Start at a random point of the ball, or at the image.")
  var randomStart: Bool?

  @Option(
    help: ArgumentHelp(
      "Take the gradients through this view; --list-views names them all.",
      discussion: "The network's own gradient if not given; with --from, a view of the substitute.",
      valueName: "view"))
  var through: String?

  @Option(help: "Mean over so many draws in every answer, for networks that draw random numbers.")
  var draws: Int?

  @Option(
    help: ArgumentHelp(
      "Make the images on this network alone, a checkpoint or run folder, and try them on the other.",
      valueName: "checkpoint"))
  var from: String?

  func validate() throws { _ = try named() }

  /// The attack with all its numbers.
  ///
  /// - Throws: what the attack does not have, and what cannot be read.
  func named() throws(ValidationError) -> NamedAttack {
    var settings = AttackSettings()
    settings.stepSize = try stepSize.map { (text) throws(ValidationError) in
      try length(text, "--step-size")
    }
    settings.steps = steps
    settings.restarts = restarts
    settings.queries = queries
    settings.samples = samples
    settings.noiseDeviation = try noiseDeviation.map { (text) throws(ValidationError) in
      try length(text, "--noise-deviation")
    }
    settings.randomStart = randomStart
    let radius = try length(epsilon ?? (norm == .l2 ? "0.5" : "8/255"), "--epsilon")
    do {
      return try NamedAttack(
        attack, norm, epsilon: radius, settings: settings, view: through, draws: draws,
        substitute: from)
    } catch { throw ValidationError(error.description) }
  }

  /// In L2 a change of all pixels may be longer than 1.
  private func length(_ text: String, _ option: String) throws(ValidationError) -> Double {
    guard norm == .linf else { return try Radius(text, option: option).value }
    do { return try PixelDistance(text).value } catch {
      throw ValidationError(
        "The value '\(text)' is invalid for '\(option) <\(option.dropFirst(2))>': \(error.message)")
    }
  }

  /// The network that the images are made on, where one is named.
  func substitute() throws -> LoadedNetwork? {
    try from.map { try LoadedNetwork(checkpoint: RunFolder.checkpoint(at: $0)) }
  }

  var files: [String?] { [from.map { RunFolder.checkpoint(at: $0) }] }

  /// Each attack: its norms and what it is; in a second line its options with their defaults.
  static let explanations = AttackName.allCases.map(\.explanation).joined(separator: "\n")
}
