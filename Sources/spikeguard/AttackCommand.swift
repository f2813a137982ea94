import ArgumentParser
import Datasets
import Experiments
import Foundation
import Torch
import Training

struct AttackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack",
    abstract: "Measures a network's accuracy under an attack.",
    discussion: """
      White box unless --from is given, through all time steps, on the logits' mean over time, with batch \
      norm in evaluation mode. Every image counts: one that is misclassified clean is an error under attack. \
      Every adversarial image is checked: finite, in [0, 1], within ε.

      The attacks, their norms, and the options that each has, with its defaults; others are refused:

      \(AttackOptions.explanations)
      """)

  // First: it needs no network.
  @OptionGroup(title: "Gradient views") var views: ViewList
  @OptionGroup(title: "Source") var source: SourceOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @OptionGroup(title: "Attack") var options: AttackOptions

  @Option(help: "Images in a batch.")
  var batchSize = 250

  @Option(help: "Seed of the random starts.")
  var seed: UInt64 = 0

  @Option(help: "Write the adversarial images to this file, tensor 'adversarial' [N, C, H, W].")
  var saveAdversarial: String?

  @Option(help: "Start PGD at these points: tensor 'start' [N, C, H, W] of this file.")
  var start: String?

  @OptionGroup(title: "Protocol of the release: not a valid evaluation")
  var released: ReleasedOptions
  @OptionGroup var record: RecordOptions

  func validate() throws {
    try released.check(
      AttackRecipe(options.named()), saveAdversarial: saveAdversarial, start: start)
    guard batchSize >= 1 else {
      throw ValidationError("--batch-size: expected at least 1, found \(batchSize)")
    }
  }

  /// What the attack left, as a record.
  struct Record: Encodable {
    let network: NetworkRecipe
    let weights: String
    let data: DatasetFacts
    /// What the release does unlike its description; empty for a valid evaluation.
    let released: ReleasedProtocol
    /// The network that the images were made on, where it is another.
    var substitute: NetworkRecipe?
    /// The file of starting points, where one was given.
    let startingPoints: String?
    let clean: Score
    let underAttack: AttackScore
  }

  func run() throws {
    try OutputFile.check(
      [("--save-adversarial", saveAdversarial), ("--json", record.json)],
      inputs: source.files + data.files + options.files + [start])
    let test = try data.load(.test)
    let loaded = try source.load(for: test)
    let recipe = AttackRecipe(try options.named())
    let display = ProgressDisplay()
    if !released.parts.isEmpty { return try runAsReleased(loaded, recipe, test, display) }
    let substitute = try substitute(for: test)
    display.begin("Attacking \(test.count) images")
    // Images that are misclassified anyway are attacked too, so that a file of adversarial images can be
    // compared with any other tool's.
    let outcome = try Exchange.attackEveryImage(
      loaded, substitute: substitute, on: test, recipe, start: try startingPoints(), seed: seed,
      batchSize: batchSize
    ) { display.show($0, of: test.count) }
    display.finish("\(recipe)")

    if let saveAdversarial {
      try Safetensors.write(["adversarial": outcome.adversarial], to: saveAdversarial)
    }
    try record.write(
      Record(
        network: loaded.recipe, weights: loaded.path, data: DatasetFacts(test), released: [],
        substitute: substitute?.recipe, startingPoints: start, clean: outcome.clean,
        underAttack: outcome.score))
    var table = TextTable(["", "accuracy (95 % interval)  correct/images"])
    table.add(["clean", outcome.clean.cell])
    table.add([
      outcome.score.attack
        + (options.norm == .l2
          ? ", L2 ε \(outcome.score.epsilon)" : ", ε \(PixelText.text(outcome.score.epsilon))"),
      outcome.score.score.cell,
    ])
    print(table.text)
  }

  private func runAsReleased(
    _ loaded: LoadedNetwork, _ recipe: AttackRecipe, _ test: ImageDataset,
    _ display: ProgressDisplay
  ) throws {
    display.begin("Attacking \(test.count) images \(released.parts)")
    let clean = CleanEvaluation.score(loaded.network, loaded.recipe, on: test, seed: seed) { _ in }
    let clock = ContinuousClock.now
    let score = try ReleasedEvaluation.score(
      loaded, on: test, recipe, parts: released.parts, seed: seed, batchSize: batchSize
    ) { display.show($0, of: test.count) }
    display.finish("\(recipe), \(released.parts)")
    let seconds = clock.duration(to: .now) / .seconds(1)
    let underAttack = AttackScore(recipe, seed: seed, score: score, seconds: seconds)
    try record.write(
      Record(
        network: loaded.recipe, weights: loaded.path, data: DatasetFacts(test),
        released: released.parts, startingPoints: nil, clean: clean, underAttack: underAttack))
    var table = TextTable(["", "accuracy (95 % interval)  correct/images"])
    table.add(["clean", clean.cell])
    table.add(["\(underAttack.attack) \(released.parts)", score.cell])
    print(table.text)
  }

  private func substitute(for test: ImageDataset) throws -> LoadedNetwork? {
    let substitute = try options.substitute()
    let shape = test.shape
    try substitute?.check((shape.channels, shape.height, shape.width), classes: test.classes)
    return substitute
  }

  private func startingPoints() throws -> Tensor? {
    guard let start else { return nil }
    let file = try Safetensors.read(from: start)
    guard let points = file.tensors["start"] else {
      throw UsageError(
        "\(start): expected a tensor 'start' [N, C, H, W], found "
          + file.tensors.names.map { "'\($0)'" }.joined(separator: ", "))
    }
    return points
  }
}
