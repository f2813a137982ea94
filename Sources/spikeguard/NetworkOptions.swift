import ArgumentParser
import Datasets
import Experiments
import Layers
import Models

/// What network to build. Channels and image size come from the data. Nil is an option that was not given.
struct NetworkOptions: ParsableArguments {
  private static let defaults = NetworkRecipe()

  @Option(help: "Network; see `spikeguard models`. (default: \(defaults.model))")
  var model: ModelName?

  @Option(
    help: ArgumentHelp(
      "How a residual network begins: 'cifar' keeps the image's size, 'imagenet' quarters it. "
        + "(default: imagenet from 128 pixels on)"))
  var stem: Stem?

  @Option(
    help: ArgumentHelp(
      "What its units do: 'spiking' neurons, or 'relu' for the artificial twin. "
        + "(default: \(defaults.activation))"))
  var activation: NetworkRecipe.Activation?

  @Option(help: "Number of classes. (default: as many as the data have)")
  var classes: Int?

  @Option(
    help: ArgumentHelp(
      "How a VGG's spikes reach the linear layer: 'released' pools to 7 × 7, 'compact' to 1 × 1. "
        + "(default: \(defaults.head))"))
  var head: VGGConfiguration.Head?

  @Option(help: "Factor on the channels of every convolution. (default: \(defaults.width))")
  var width: Double?

  @Option(help: "Time steps of direct coding, T. (default: \(defaults.steps))")
  var timeSteps: Int?

  @Option(
    help:
      "Mean of the pixels, one number a channel, as 0.49,0.48,0.45. (default: the data set's, none for tensors:FILE)"
  )
  var mean: String?

  @Option(
    help:
      "Standard deviation of the pixels, as --mean. (default: the data set's, none for tensors:FILE)"
  )
  var deviation: String?

  @OptionGroup(title: "Neuron") var neuron: NeuronOptions

  /// The first of these options that was given.
  var firstGiven: String? {
    let given: [(String, Bool)] = [
      ("--model", model != nil), ("--stem", stem != nil), ("--activation", activation != nil),
      ("--classes", classes != nil), ("--head", head != nil),
      ("--width", width != nil), ("--time-steps", timeSteps != nil), ("--mean", mean != nil),
      ("--deviation", deviation != nil),
    ]
    return given.first { $0.1 }?.0 ?? neuron.firstGiven
  }

  func recipe(for dataset: ImageDataset) throws -> NetworkRecipe {
    var recipe = Self.defaults
    recipe.model = model ?? recipe.model
    recipe.stem = stem
    recipe.activation = activation ?? recipe.activation
    if recipe.activation == .relu, let option = neuron.firstGiven {
      throw UsageError("\(option) is a spiking neuron's; leave it out with --activation relu")
    }
    recipe.width = width ?? recipe.width
    recipe.head = head ?? recipe.head
    recipe.steps = timeSteps ?? recipe.steps
    recipe.neuron = neuron.recipe
    recipe = try recipe.fitted(to: dataset, classes: classes)
    if mean != nil || deviation != nil {
      recipe.normalization = try normalization(channels: recipe.channels)
    }
    return recipe
  }

  private func normalization(channels: Int) throws -> PixelNormalization {
    let mean = try numbers(mean, "--mean", channels)
    let deviation = try numbers(deviation, "--deviation", channels)
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw UsageError("--deviation: expected positive numbers, found \(deviation)")
    }
    return PixelNormalization(mean: mean, standardDeviation: deviation)
  }

  private func numbers(_ text: String?, _ option: String, _ channels: Int) throws -> [Double] {
    let parts = (text ?? "").split(separator: ",")
    let numbers = parts.compactMap { Double($0) }.filter(\.isFinite)
    guard numbers.count == channels, parts.count == channels else {
      throw UsageError(
        "\(option): expected a number for each channel (\(channels)), separated by commas, found "
          + "\(text.map { "'\($0)'" } ?? "nothing"); --mean and --deviation go together")
    }
    return numbers
  }
}
