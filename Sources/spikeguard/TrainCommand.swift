import ArgumentParser
import Datasets
import Experiments
import Foundation

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a network and writes a checkpoint after every epoch.",
    discussion: """
      --out gets checkpoint.safetensors (weights under the authors' names, optimiser state and manifest in \
      one file), the manifest once more as JSON, and results.json. The curve in the manifest holds loss, accuracy \
      and spike rate every 20 steps and, under deflation, each layer's σ₁, σ₂ and the share of energy removed. A run that was interrupted goes on from \
      its last epoch with --resume and ends with the same bits as one that was not. What an earlier run left \
      in --out is not replaced unless --overwrite says so.
      """)

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(help: "Folder for checkpoint and results.")
  var out = "runs/train"

  @Option(help: "Passes over the training set.")
  var epochs = 2

  @Option(help: "Images in a step.")
  var batchSize = 128

  @Option(help: "Learning rate at the start; it falls to 0 along a cosine.")
  var learningRate = 0.1

  @Option(help: "Momentum.")
  var momentum = 0.9

  @Option(help: "Weight decay, added to the gradient after deflation.")
  var weightDecay = 5e-4

  @Option(help: "Dominant singular deflation: none, fast, or svd for the full decomposition.")
  var deflation = TrainingRecipe.Deflation.none

  @Option(help: "Weight of the mean-square term of the objective; the release uses 0.05.")
  var meanSquareWeight = 0.0

  @Option(help: "Zero padding of the random crop; 0 for no crop.")
  var crop = 2

  @Flag(inversion: .prefixedNo, help: "Flip images at random.")
  var flip = true

  @Option(help: "Seed of weights, order and augmentation.")
  var seed: UInt64 = 0

  @Flag(help: "Go on from the checkpoint in --out, if there is one.")
  var resume = false

  @Flag(help: "Replace what an earlier run left in --out.")
  var overwrite = false

  @OptionGroup var record: RecordOptions

  /// What the run left, as a record.
  struct Record: Encodable {
    let manifest: RunManifest
    let clean: Score
    let seconds: Double
  }

  func validate() throws {
    guard !(resume && overwrite) else {
      throw ValidationError(
        "--resume goes on from what --overwrite would replace; give one of them")
    }
  }

  func run() throws {
    let display = ProgressDisplay()
    display.begin("Reading \(data.data)")
    let (train, test) = try DataAccess.loadBoth(
      data.data, trainLimit: data.limit, options: ("--limit", ""))
    display.finish("\(train.count) training and \(test.count) test images")

    let job = try job(on: train)
    // Made last, so that bad input leaves no empty folder.
    let folder = try outputFolder()
    display.begin("Training")
    let outcome = try job.run(resuming: resume) { display.show($0) }
    let fallbacks = outcome.deflationFallbacks.map { ", \($0) fallbacks to a full decomposition" }
    display.finish("checkpoint \(job.checkpoint)\(fallbacks ?? "")")

    display.begin("Testing")
    let score = CleanEvaluation.score(
      outcome.network, job.network, on: test
    ) { display.show($0, of: test.count) }
    display.finish("\(test.count) images")
    let result = Record(
      manifest: outcome.manifest, clean: score, seconds: outcome.seconds)
    try OutputFile.write(result.json(), to: folder.file(Self.resultsName))
    try record.write(result)
    print("clean accuracy \(score.cell)")
  }

  func job(on dataset: ImageDataset) throws -> TrainingJob {
    try TrainingJob(
      network: network.recipe(for: dataset), training: recipe, dataset: dataset,
      checkpoint: out + "/" + Self.checkpointName)
  }

  private static let checkpointName = "checkpoint.safetensors"
  private static let resultsName = "results.json"

  /// The folder, once it is known that nothing in it will be lost.
  private func outputFolder() throws -> OutputFolder {
    let folder = try OutputFolder(out)
    try OutputFile.check(
      [("checkpoint", folder.file(Self.checkpointName)), ("--json", record.json)],
      inputs: data.files)
    let continues =
      resume && FileManager.default.fileExists(atPath: folder.file(Self.checkpointName))
    if !continues, !overwrite {
      try folder.refuseExisting(
        [Self.checkpointName, Self.resultsName],
        remedy: "go on from it with --resume, replace it with --overwrite, or name another --out")
    }
    return folder
  }

  private var recipe: TrainingRecipe {
    var recipe = TrainingRecipe()
    recipe.epochs = epochs
    recipe.batchSize = batchSize
    recipe.learningRate = learningRate
    recipe.momentum = momentum
    recipe.weightDecay = weightDecay
    recipe.deflation = deflation
    recipe.meanSquareWeight = meanSquareWeight
    recipe.cropPadding = crop == 0 ? nil : crop
    recipe.flips = flip
    recipe.seed = seed
    return recipe
  }
}
