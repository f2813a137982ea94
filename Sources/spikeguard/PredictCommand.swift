import ArgumentParser
import Datasets
import Experiments
import Torch

extension ImageDataset.Split: ExpressibleByArgument {}

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Writes a network's logits at every time step, for any tool to check.")

  @OptionGroup(title: "Source") var source: SourceOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "Part of the data set: train or test.")
  var split = ImageDataset.Split.test

  @Option(help: "File for tensor 'logits' [T, N, classes], safetensors.")
  var out: String

  @OptionGroup var record: RecordOptions

  struct Record: Encodable {
    let network: NetworkRecipe
    let weights: String
    let data: DatasetFacts
    let clean: Score
  }

  func run() throws {
    try OutputFile.check(
      [("--out", out), ("--json", record.json)], inputs: source.files + data.files)
    let dataset = try data.load(split)
    let loaded = try source.load(for: dataset)
    let logits = Exchange.logits(loaded, on: dataset)
    try Safetensors.write(["logits": logits], to: out)
    let predictions = logits.mean(along: [0]).argmax(along: 1).scalars(of: Int.self)
    let score = Score(
      correct: zip(predictions, dataset.labels).count { $0 == $1 }, total: dataset.count)
    try record.write(
      Record(
        network: loaded.recipe, weights: loaded.path, data: DatasetFacts(dataset), clean: score))
    print("accuracy \(score.cell)   logits \(logits.shape) in \(out)")
  }
}
