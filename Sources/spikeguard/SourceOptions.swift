import ArgumentParser
import Datasets
import Experiments
import Foundation

/// Which data to work on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Data set: \(DatasetSource.forms.joined(separator: ", ")).",
      discussion: "A tensors file is safetensors with `images` [N, C, H, W] float32 in [0, 1] and "
        + "`labels` [N] int64."))
  var data = "fashion-mnist"

  @Option(help: "Keep only the first images. (default: all)")
  var limit: Int?

  func load(_ split: ImageDataset.Split) throws -> ImageDataset {
    try DataAccess.load(data, split, limit: limit)
  }

  /// The file that the data are in, where they are in one.
  var files: [String?] { Self.files(of: data) }
}

/// Which network to take: a checkpoint, or weights from any tool with the network's description.
struct SourceOptions: ParsableArguments {
  @Option(help: "A checkpoint that `spikeguard train` wrote.")
  var checkpoint: String?

  @Option(
    help:
      "Weights under the authors' names in safetensors; the network is described by the options.")
  var weights: String?

  @OptionGroup(title: "Network, with --weights") var network: NetworkOptions

  func validate() throws {
    guard (checkpoint == nil) != (weights == nil) else {
      throw ValidationError("name the network: either --checkpoint FILE or --weights FILE")
    }
    if checkpoint != nil, let option = network.firstGiven {
      throw ValidationError(
        "\(option) goes with --weights; a checkpoint says itself what network it is")
    }
  }

  var files: [String?] { [checkpoint, weights] }

  func load(for dataset: ImageDataset) throws -> LoadedNetwork {
    let loaded =
      if let checkpoint {
        try LoadedNetwork(checkpoint: checkpoint)
      } else {
        try LoadedNetwork(weights: weights!, recipe: network.recipe(for: dataset))
      }
    let shape = dataset.shape
    try loaded.check((shape.channels, shape.height, shape.width), classes: dataset.classes)
    return loaded
  }
}

/// Where the numbers go beside the terminal.
struct RecordOptions: ParsableArguments {
  @Option(help: "Also write the numbers to this file, as JSON.")
  var json: String?

  func write(_ record: some Encodable) throws {
    if let json { try OutputFile.write(record.json(), to: json) }
  }
}
