import ArgumentParser
import Datasets
import Experiments
import Foundation

extension EvaluationRecipe.Effort: ExpressibleByArgument {}
extension EvaluationRecipe.Sweep: ExpressibleByArgument {}
extension EvaluationRecipe.Norm: ExpressibleByArgument {}

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures what the strongest attacks leave of a network's accuracy.",
    discussion: """
      SpikeAutoAttack: SA-PGD (in L2 APGD) through adaptively sharp surrogates, an ensemble of surrogates, AutoAttack \
      through the best of them, transfer from substitutes and from the ReLU twin of the same weights, Square, random \
      corners. Each attack meets the images that survived all before it; every break is scored again before it \
      counts. A random network is noticed: gradients are means over 20 draws, Square and noise decide by means over \
      5, scores are majorities of 10 passes. There is nothing to tune.

      --out gets results.json and report.html, and the state that --resume goes on from: the same command line \
      with --resume ends with the same bits as a run that was never cut. SIGINT and SIGTERM end with code 130 and \
      143; a killed run loses the chunk at work.
      """)

  @OptionGroup(title: "Source") var source: SourceOptions

  @OptionGroup var data: TestDataOptions

  @Option(help: "How many images: the first of the test set, all where it has fewer.")
  var images = 1000

  @Option(help: "Norm of a change.")
  var norm = EvaluationRecipe.Norm.linf

  @Option(help: "Largest change, as 8/255 or 0.03. (default: 8/255; 0.5 with --norm l2)")
  var epsilon: String?

  @Option(help: "How much is tried: none (sweeps alone), quick, standard or full.")
  var effort = EvaluationRecipe.Effort.standard

  @Option(help: "Minutes after which no further chunk begins. (default: no limit)")
  var budget: Double?

  @Option(help: "Images in a chunk, and in a batch of the classifier.")
  var batchSize = 250

  @Option(help: "Seed of all random numbers.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Another checkpoint or run folder to make adversarial images on; again for each.",
      discussion: "A twin trained with another seed, an adversarially trained one, any network."))
  var substitute: [String] = []

  @Option(
    help: ArgumentHelp(
      "A table beside the suite: epsilon, steps or black-box; again for each.",
      discussion: "L∞ in the papers' protocol: PGD with steps of 0.01 from a random start."))
  var sweep: [EvaluationRecipe.Sweep] = []

  @Option(help: "Folder for results, report and state.")
  var out = "evaluation"

  @Flag(help: "Also write adversarial.safetensors, which verify-adversarial checks.")
  var saveAdversarial = false

  @Flag(help: "Go on from the state in --out.")
  var resume = false

  @Flag(help: "Replace what an earlier evaluation left in --out.")
  var overwrite = false

  @OptionGroup var record: RecordOptions

  func validate() throws {
    guard !(resume && overwrite) else {
      throw ValidationError(
        "--resume goes on from what --overwrite would replace; give one of them")
    }
    try CountCheck.atLeastOne([("--batch-size", batchSize), ("--images", images)])
    if let budget, !(budget > 0 && budget.isFinite) {
      throw ValidationError("--budget: expected minutes above 0, found \(budget)")
    }
    _ = try radius()
    guard effort != .none || !sweep.isEmpty else {
      throw ValidationError("--effort none: expected --sweep beside it; alone nothing would run")
    }
    if norm != .linf, let first = sweep.first {
      throw ValidationError(
        "--sweep \(first.rawValue): expected --norm linf, found \(norm.rawValue); the papers' sweeps "
          + "are L∞")
    }
    if !saveAdversarial || effort != .none { return }
    throw ValidationError("--save-adversarial: expected a suite, found --effort none")
  }

  private func radius() throws -> Double {
    guard norm == .l2 else { return try PixelDistance(epsilon ?? "8/255").value }
    return try Radius(epsilon ?? "0.5").value
  }

  func run() throws {
    let bundle = try VegaBundle.load()
    try OutputFile.check(
      [("--json", record.json)],
      inputs: source.files + [data.file]
        + substitute.map { RunFolder.checkpoint(at: $0) })
    let test = try data.load(images: images)
    let job = EvaluationJob(
      try source.load(for: test), on: test,
      substitutes: try substitute.map {
        Substitute(name: $0, try LoadedNetwork(checkpoint: RunFolder.checkpoint(at: $0)))
      }, try recipe(), budget: budget.map { $0 * 60 })
    let folder = try EvaluationFolder(out)
    Interruption.listen()
    let display = ProgressDisplay()
    let outcome = try job.run(
      in: folder, resume ? .resume : overwrite ? .replace : .begin,
      shouldStop: { Interruption.isWished }
    ) { event in
      switch event {
      case .note(let text): display.note(text)
      case .began(let title): display.begin(title)
      case .counted(let done, let total, let text): display.show(done, of: total, text: text)
      case .finished(let note): display.finish(note)
      }
    }
    let results = outcome.results
    let page = try results.html(vegaBundle: bundle)
    try OutputFile.write(Data(page.utf8), to: folder.report)
    if saveAdversarial, let file = outcome.adversarial { try file.write(to: folder.adversarial) }
    try record.write(results)
    print(EvaluationTables(results).text)
    print("\n  Report: \(folder.report)   Numbers: \(folder.results)")
    if results.status == .stopped {
      display.note("stopped by a signal; go on with the same command line and --resume")
      throw Interruption.exit
    }
  }

  private func recipe() throws -> EvaluationRecipe {
    var recipe = EvaluationRecipe(norm, epsilon: try radius())
    recipe.effort = effort
    recipe.sweeps = sweep
    recipe.batchSize = batchSize
    recipe.seed = seed
    return recipe
  }
}
