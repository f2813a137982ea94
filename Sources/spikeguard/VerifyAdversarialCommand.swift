import ArgumentParser
import Attacks
import Datasets
import Experiments
import Torch

struct VerifyAdversarialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-adversarial",
    abstract: "Checks a file of adversarial images against data and network.",
    discussion: """
      The file's images are compared with the data set's own (finite, in [0, 1], within ε), its labels too, and the \
      network classifies images and originals again. Any fault ends with code 1. ε and its norm are those of \
      --epsilon and --norm; without them they are the file's own word, and so is always which images it holds: the \
      table says how many, and whether they are the first. The predictions are those of one kind of machine: another \
      processor or version of the engine may round otherwise.
      """)

  @Argument(help: "What `evaluate --save-adversarial` wrote.")
  var file: String

  @OptionGroup(title: "Source") var source: SourceOptions

  @Option(
    help: ArgumentHelp(
      "Data set that was attacked: \(DatasetSource.forms.joined(separator: ", ")).",
      discussion: DataOptions.tensorsFile))
  var data = "fashion-mnist"

  @Option(help: "Largest change allowed, as 8/255 or 0.03. (default: as the file claims)")
  var epsilon: String?

  @Option(help: "Its norm, with --epsilon. (default: linf)")
  var norm: EvaluationRecipe.Norm?

  @OptionGroup var record: RecordOptions

  func validate() throws {
    guard epsilon != nil || norm == nil else {
      throw ValidationError(
        "--norm \(norm!.rawValue): expected --epsilon beside it, found none; the file's claim has a "
          + "norm of its own")
    }
    _ = try threat()
  }

  private func threat() throws -> ThreatModel? {
    guard let epsilon else { return nil }
    guard norm == .l2 else { return .linf(try PixelDistance(epsilon).value) }
    return .l2(try Radius(epsilon).value)
  }

  func run() throws {
    try OutputFile.check(
      [("--json", record.json)], inputs: source.files + [file, DataRecipe.file(of: data)])
    let test = try DataAccess.load(data, .test)
    let check = try AdversarialCheck(
      of: file, against: try source.load(for: test), on: test, within: try threat())
    try record.write(check)
    var table = TextTable(["\(check.coverage), \(check.threatText)", "found"])
    for fault in check.faults { table.add([fault.what, "\(fault.images)"]) }
    table.add(["largest distance", "\(check.largestDistance)"])
    table.add(["accuracy, claimed", check.claimed.cell])
    table.add(["accuracy, found", check.robust.cell])
    print(table.text)
    guard check.isSound else {
      print(
        "\n  The claim does not hold; the first faults are at "
          + check.firstFaults.map(String.init).joined(separator: ", ") + ".")
      throw ExitCode.failure
    }
    print(
      "\n  The claim holds\(check.isClaimedThreat ? "" : " within \(check.threat)")."
        + (check.facts.isComplete ? "" : " The suite was not run to its end."))
  }
}
