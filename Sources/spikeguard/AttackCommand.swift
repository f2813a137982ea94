import ArgumentParser
import Datasets
import Experiments
import Foundation
import Torch
import Training

struct AttackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack",
    abstract: "Measures a network's accuracy under FGSM or PGD.",
    discussion: """
      White box, L∞, through all time steps, on the cross-entropy of the logits' mean over time, with batch \
      norm in evaluation mode. Every image counts: one that is misclassified clean is an error under attack. \
      Every adversarial image is checked: finite, in [0, 1], within ε.
      """)

  enum Kind: String, CaseIterable, ExpressibleByArgument { case fgsm, pgd }

  @OptionGroup(title: "Source") var source: SourceOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "Attack.")
  var attack = Kind.pgd

  @Option(
    help: "Largest change of a pixel, as 8/255 or 0.03.", transform: { try PixelDistance($0) })
  var epsilon = try! PixelDistance("8/255")

  @Option(help: "Step of PGD, as --epsilon.", transform: { try PixelDistance($0) })
  var stepSize = try! PixelDistance("2/255")

  @Option(help: "Gradient steps of PGD.")
  var steps = 10

  @Option(help: "Runs of PGD from random starts; the worst counts for each image.")
  var restarts = 1

  @Flag(inversion: .prefixedNo, help: "Start PGD at a random point of the ball.")
  var randomStart = true

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
    if !released.parts.isEmpty,
      let option = saveAdversarial.map({ _ in "--save-adversarial" })
        ?? start.map({ _ in "--start" })
    {
      throw ValidationError(
        "\(option) is for a valid attack; what the release attacks are not pixels alone")
    }
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
    /// The file of starting points, where one was given.
    let startingPoints: String?
    let clean: Score
    let underAttack: AttackScore
  }

  func run() throws {
    try OutputFile.check(
      [("--save-adversarial", saveAdversarial), ("--json", record.json)],
      inputs: source.files + data.files + [start])
    let test = try data.load(.test)
    let loaded = try source.load(for: test)
    let display = ProgressDisplay()
    if !released.parts.isEmpty { return try runAsReleased(loaded, test, display) }
    display.begin("Attacking \(test.count) images")
    // Images that are misclassified anyway are attacked too, so that a file of adversarial images can be
    // compared with any other tool's.
    let outcome = try Exchange.attackEveryImage(
      loaded.classifier(seed: seed), on: test, recipe, start: try startingPoints(), seed: seed,
      batchSize: batchSize
    ) { display.show($0, of: test.count) }
    display.finish("\(recipe)")

    if let saveAdversarial {
      try Safetensors.write(["adversarial": outcome.adversarial], to: saveAdversarial)
    }
    try record.write(
      Record(
        network: loaded.recipe, weights: loaded.path, data: DatasetFacts(test), released: [],
        startingPoints: start, clean: outcome.clean, underAttack: outcome.score))
    var table = TextTable(["", "accuracy (95 % interval)  correct/images"])
    table.add(["clean", outcome.clean.cell])
    table.add([
      "\(outcome.score.attack), ε \(PixelText.text(epsilon.value))", outcome.score.score.cell,
    ])
    print(table.text)
  }

  private func runAsReleased(
    _ loaded: LoadedNetwork, _ test: ImageDataset, _ display: ProgressDisplay
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

  private var recipe: AttackRecipe {
    switch attack {
    case .fgsm: .fgsm(epsilon: epsilon.value)
    case .pgd:
      .pgd(
        epsilon: epsilon.value, stepSize: stepSize.value, steps: steps, restarts: restarts,
        randomStart: randomStart)
    }
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
