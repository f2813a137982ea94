import ArgumentParser
import Datasets
import Experiments
import Foundation
import Spiking
import Training

struct TheoryDriftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drift",
    abstract:
      "Says what one foreign batch does to a trained network: through its weights, or through batch norm.",
    discussion: """
      Takes the next batch of the run's own training, shows it in each of the ways, and makes one step of the run's recipe from the \
      checkpoint. Clean test accuracy is taken with the weights and the running statistics of before and after in every combination, \
      and with statistics made anew from clean training batches. The control is the kind of batch that the run was trained on. The \
      learning rate is the run's after its warm-up, constant, because at the end of a run it has fallen to nothing; momentum starts at \
      0, so that the weights move by the foreign gradient alone. The checkpoint is read and never changed.

      A signal (Ctrl-C) ends it after the accuracy at work, and the kinds of batches that are done are written.
      """)

  @Argument(help: "A checkpoint that `spikeguard train` wrote, or the folder of its run.")
  var checkpoint: String

  @Option(
    help: ArgumentHelp(
      "Data set, training and test images: \(DatasetSource.forms.joined(separator: ", ")).",
      discussion: DataOptions.tensorsFile))
  var data = "fashion-mnist"

  @Option(help: "Where test images are from, as --data. (default: the same data set's own)")
  var testData: String?

  @Option(help: "Keep only the first test images. (default: all)")
  var images: Int?

  @Option(
    help: ArgumentHelp(
      "Ways to show the batch, separated by commas: "
        + DriftKind.allCases.map(\.rawValue).joined(separator: ", ") + ".",
      valueName: "kinds"))
  var kinds = DriftKind.allCases.map(\.rawValue).joined(separator: ",")

  @Option(help: "Foreign batches, a step each.")
  var foreignBatches = 1

  @Option(
    help:
      "Of the attacks: in pixels, as 2/255 or 0.01; with normalized-clamp in units of the deviation.",
    transform: { try PixelDistance($0) })
  var epsilon = try! PixelDistance("2/255")

  @Option(help: "Standard deviation of gaussian-noise, in pixels.")
  var noiseDeviation = 0.1

  @Option(help: "Learning rate of the step. (default: the run's, after its warm-up)")
  var learningRate: Double?

  @Option(help: "Where momentum starts: zero, or as the checkpoint has it.")
  var momentum = DriftRecipe.Momentum.zero

  @Option(help: "Deflation of the step's gradient: none, fast or svd. (default: the run's)")
  var deflation: TrainingRecipe.Deflation?

  @Option(
    help: "Batch norm over allSteps together, or eachStep by itself. (default: the run's)")
  var batchStatistics: BatchStatistics?

  @Option(help: "Clean training batches that statistics are made anew from.")
  var recomputeBatches = 50

  @Option(
    help: "Also measure λ_max of every state on so many training images. (default: not)")
  var curvatureImages: Int?

  @Option(help: "Folder for drift.html and drift.json; those of an earlier call are replaced.")
  var out: String?

  @OptionGroup var record: RecordOptions

  func validate() throws {
    _ = try chosenKinds()
    if let images, images < 1 {
      throw ValidationError("--images: expected at least 1, found \(images)")
    }
  }

  private func chosenKinds() throws(ValidationError) -> [DriftKind] {
    var chosen: [DriftKind] = []
    for name in kinds.split(separator: ",", omittingEmptySubsequences: false) {
      guard let kind = DriftKind(rawValue: String(name)), !chosen.contains(kind) else {
        throw ValidationError(
          "--kinds: expected some of \(DriftKind.allCases.map(\.rawValue).joined(separator: ", ")), "
            + "each once, separated by commas, found '\(name)'")
      }
      chosen.append(kind)
    }
    return chosen
  }

  private func recipe() throws -> DriftRecipe {
    var recipe = DriftRecipe()
    recipe.kinds = try chosenKinds()
    recipe.foreignBatches = foreignBatches
    recipe.epsilon = epsilon.value
    recipe.noiseDeviation = noiseDeviation
    recipe.learningRate = learningRate
    recipe.momentum = momentum
    recipe.deflation = deflation
    recipe.batchStatistics = batchStatistics
    recipe.recomputedFrom = recomputeBatches
    recipe.curvatureImages = curvatureImages
    return recipe
  }

  func run() throws {
    Interruption.listen()
    let page = try PageOutput(out)
    let path = RunFolder.checkpoint(at: checkpoint)
    try OutputFile.check(
      [("--json", record.json)],
      inputs: [path, DataRecipe.file(of: data), testData.flatMap { DataRecipe.file(of: $0) }])
    try page?.makeFolder()
    let recipe = try recipe()
    var settings = RunConfiguration()
    settings.data.source = data
    settings.data.testSource = testData
    let datasets = try settings.datasets()
    guard let test = datasets.test else {
      throw UsageError(
        "\(data): expected test images, found none: a tensors file has no test images of its own; name "
          + "them with --test-data")
    }
    let job = try DriftJob(
      checkpointAt: path, training: datasets.training, test: images.map { test.prefix($0) } ?? test,
      recipe: recipe)

    let display = ProgressDisplay()
    display.begin("Measuring drift")
    guard
      let results = try job.run(
        shouldStop: { Interruption.isWished },
        progress: { display.show($0.done, of: $0.total, text: $0.title) })
    else {
      display.note(
        "stopped by a signal before the first kind of batch was done; nothing is written")
      throw Interruption.exit
    }
    display.finish(
      (results.isComplete ? "" : "stopped by a signal after ")
        + "\(results.kinds.count) kinds of batches")
    for note in results.notes { display.note("note: \(note)") }
    try record.write(results)
    try page?.write(results)
    print(DriftText(results).text)
    if !results.isComplete { throw Interruption.exit }
  }
}

extension DriftRecipe.Momentum: ExpressibleByArgument {}
extension TrainingRecipe.Deflation: ExpressibleByArgument {}
extension BatchStatistics: ExpressibleByArgument {}
