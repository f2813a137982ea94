import ArgumentParser
import Datasets
import Experiments
import Foundation

/// Which data to work on.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Data set: \(DatasetSource.forms.joined(separator: ", ")).",
      discussion: DataOptions.tensorsFile))
  var data = "fashion-mnist"

  static let tensorsFile =
    "A tensors file is safetensors with `images` [N, C, H, W] float32 in [0, 1] and `labels` [N] int64."

  @Option(help: "Keep only the first images. (default: all)")
  var limit: Int?

  func load(_ split: ImageDataset.Split) throws -> ImageDataset {
    try DataAccess.load(data, split, limit: limit)
  }

  /// The file that the data are in, where they are in one.
  var files: [String?] { [DataRecipe.file(of: data)] }
}

/// Which network to take: a checkpoint, or weights from any tool with the network's description.
struct SourceOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A checkpoint that `spikeguard train` wrote, or the folder of its run.",
      valueName: "checkpoint"))
  var place: String?

  @Option(name: .customLong("checkpoint"), help: "The same, by name.")
  var namedPlace: String?

  @Option(
    help: ArgumentHelp(
      "Weights under the authors' or SpikingJelly's names, safetensors or a file of torch.save; the "
        + "network is described by the options."))
  var weights: String?

  @OptionGroup(title: "Network, with --weights") var network: NetworkSettings
  @OptionGroup(title: "Neuron, with --weights") var neuron: NeuronSettings

  private var checkpoint: String? { place ?? namedPlace }

  func validate() throws {
    if let place, let namedPlace {
      throw ValidationError(
        "name one checkpoint: found '\(place)' and --checkpoint \(namedPlace)")
    }
    guard (checkpoint == nil) != (weights == nil) else {
      throw ValidationError(
        "the network: expected one source, found \(checkpoint == nil ? "none" : "both"); name a "
          + "checkpoint (CHECKPOINT alone or --checkpoint FILE) or --weights FILE")
    }
    try [network as any SettingGroup, neuron].check()
    if checkpoint != nil, let option = (network.given + neuron.given).first?.key {
      throw ValidationError(
        "--\(option) goes with --weights; a checkpoint says itself what network it is")
    }
  }

  var files: [String?] { [checkpoint.map { RunFolder.checkpoint(at: $0) }, weights] }

  func load(for dataset: ImageDataset) throws -> LoadedNetwork {
    let loaded =
      if let checkpoint {
        try LoadedNetwork(checkpoint: RunFolder.checkpoint(at: checkpoint))
      } else {
        try LoadedNetwork(weights: weights!, recipe: recipe(for: dataset))
      }
    for note in loaded.notes { Note.print(note, of: loaded.path) }
    let shape = dataset.shape
    try loaded.check((shape.channels, shape.height, shape.width), classes: dataset.classes)
    return loaded
  }

  private func recipe(for dataset: ImageDataset) throws -> NetworkRecipe {
    var settings = RunConfiguration()
    try network.apply(to: &settings)
    try neuron.apply(to: &settings)
    return try settings.network(for: dataset)
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
