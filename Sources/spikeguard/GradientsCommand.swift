import ArgumentParser
import Datasets
import Experiments
import Layers
import Torch

struct GradientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradients",
    abstract: "Writes the parameter gradients of the per-step cross-entropy on one batch.",
    discussion: """
      The batch is all of the data: name a file with one batch, or use --limit. Nothing in the network \
      changes, running statistics included.
      """)

  @OptionGroup(title: "Source") var source: SourceOptions
  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "Part of the data set: train or test.")
  var split = ImageDataset.Split.train

  @Flag(help: "Normalise by the batch's own statistics, as in training.")
  var training = false

  @Option(help: "File for the gradients under their parameters' names, safetensors.")
  var out: String

  @OptionGroup var record: RecordOptions

  struct Record: Encodable {
    let network: NetworkRecipe
    let weights: String
    let data: DatasetFacts
    let training: Bool
    let norms: [String: Double]
  }

  func run() throws {
    try OutputFile.check(
      [("--out", out), ("--json", record.json)], inputs: source.files + data.files)
    let dataset = try data.load(split)
    guard dataset.count <= 4096 else {
      throw UsageError(
        "expected one batch of at most 4096 images, found \(dataset.count); use --limit 128")
    }
    let loaded = try source.load(for: dataset)
    let gradients = GradientSpectra.gradients(
      loaded.network, loaded.recipe, on: dataset, training ? .training : .evaluation)
    try Safetensors.write(gradients, to: out)
    let norms = Dictionary(
      uniqueKeysWithValues: gradients.map { ($0.name, $0.tensor.norm().item()) })
    try record.write(
      Record(
        network: loaded.recipe, weights: loaded.path, data: DatasetFacts(dataset),
        training: training, norms: norms))
    var table = TextTable(["gradient of", "shape", "norm"])
    for (name, gradient) in gradients {
      table.add([name, "\(gradient.shape)", ProgressDisplay.fixed(norms[name]!, 6)])
    }
    print(table.text)
  }
}
