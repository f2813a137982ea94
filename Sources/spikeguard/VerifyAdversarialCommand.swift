import ArgumentParser
import Datasets
import Experiments
import Torch

struct VerifyAdversarialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-adversarial",
    abstract: "Checks a file of adversarial images against data and network.",
    discussion: """
      Nothing in the file is believed: its images are compared with the data set's own (finite, in [0, 1], within \
      ε), its labels too, and the network classifies them again. Any fault ends with code 1. The predictions are \
      those of one kind of machine: another processor or version of the engine may round otherwise.
      """)

  @Argument(help: "What `evaluate --save-adversarial` wrote.")
  var file: String

  @OptionGroup(title: "Source") var source: SourceOptions

  @Option(
    help: ArgumentHelp(
      "Data set that was attacked: \(DatasetSource.forms.joined(separator: ", ")).",
      discussion: DataOptions.tensorsFile))
  var data = "fashion-mnist"

  @OptionGroup var record: RecordOptions

  func run() throws {
    try OutputFile.check(
      [("--json", record.json)], inputs: source.files + [file, DataRecipe.file(of: data)])
    let test = try DataAccess.load(data, .test)
    let check = try AdversarialCheck(of: file, against: try source.load(for: test), on: test)
    try record.write(check)
    var table = TextTable(["\(check.images) images, \(check.threatText)", "found"])
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
      "\n  The claim holds."
        + (check.facts.isComplete ? "" : " The suite was not run to its end."))
  }
}
