import ArgumentParser
import Datasets
import Experiments
import Foundation
import Training

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Says whether a network's robustness number can be believed.",
    discussion: """
      Runs attacks in pairs that should agree, image by image: one step and many, white box and black box, \
      gradients and random points, the network's own surrogate and others, cross-entropy and margin, fewer and \
      more steps, smaller and larger ε. Asks the network itself whether it is a function of the image alone: \
      state between calls, chance, the batch, rounded or clamped pixels. What disagrees raises a flag where the \
      whole 95 % interval of its share lies above what is tolerated. One line says what that makes of the number.

      L∞, through all time steps. The exit code is 0 whatever is raised; with --strict it is 2 if a flag is \
      raised that speaks against the number.
      """)

  static let strictExit = ExitCode(2)

  @OptionGroup(title: "Source") var source: SourceOptions

  @OptionGroup var data: TestDataOptions

  @Option(help: "How many images: the first of the test set, all where it has fewer.")
  var images = 200

  @Option(
    help: "Largest change of a pixel, as 8/255 or 0.03.", transform: { try PixelDistance($0) })
  var epsilon = try! PixelDistance("8/255")

  @Option(help: "Budget: quick, 20 steps an attack, or standard, 100 steps and 5000 queries.")
  var effort = AuditEffort.quick

  @Option(
    help: ArgumentHelp(
      "Another checkpoint or run folder to transfer attacks from; again for each.",
      discussion: "A twin trained with another seed, an adversarially trained one, any network."))
  var substitute: [String] = []

  @Option(help: "Images in a batch.")
  var batchSize = 100

  @Option(help: "Seed of all random points.")
  var seed: UInt64 = 0

  @Flag(help: "End with exit code 2 if a flag speaks against the number.")
  var strict = false

  @Option(help: "Folder for audit.html and audit.json; those of an earlier audit are replaced.")
  var out: String?

  @OptionGroup(title: "Defects of the release's evaluation, to be audited")
  var defects: AuditedDefects
  @OptionGroup var record: RecordOptions

  func validate() throws {
    try CountCheck.atLeastOne([("--batch-size", batchSize), ("--images", images)])
    guard epsilon.value > 0 else {
      throw ValidationError(
        "--epsilon: expected above 0, found \(epsilon); without it there is no attack")
    }
  }

  func run() throws {
    let page = try PageOutput(out)
    try OutputFile.check(
      [("--json", record.json)],
      inputs: source.files + substitute.map { RunFolder.checkpoint(at: $0) }
        + [data.file])
    try page?.makeFolder()
    let test = try data.load(images: images)
    let loaded = try source.load(for: test)
    var job = AuditJob(loaded, on: test, epsilon: epsilon.value, effort: effort, seed: seed)
    job.substitutes = try substitute.map { path in
      let other = try LoadedNetwork(checkpoint: RunFolder.checkpoint(at: path))
      let shape = test.shape
      try other.check((shape.channels, shape.height, shape.width), classes: test.classes)
      return other
    }
    job.released = defects.parts
    job.batchSize = batchSize

    let display = ProgressDisplay()
    display.begin("Auditing \(test.count) images")
    let results = try job.run { display.show($0.done, of: $0.total, text: $0.title) }
    display.finish("\(results.attacks.count) attacks")
    try record.write(results)
    try page?.write(results)
    print(AuditText(results).text)
    if strict, results.speaksAgainst { throw Self.strictExit }
  }
}

/// Defects that an audit can find in an evaluation.
struct AuditedDefects: ParsableArguments {
  @Flag(help: "Membranes are not reset between calls, as in the release.")
  var leakedState = false

  @Flag(help: "Normalised pixels are clamped to [0, 1], as in the release.")
  var normalizedClamp = false

  var parts: ReleasedProtocol {
    var parts: ReleasedProtocol = []
    if leakedState { parts.insert(.leakedState) }
    if normalizedClamp { parts.insert(.normalizedClamp) }
    return parts
  }
}

extension AuditEffort: ExpressibleByArgument {}
