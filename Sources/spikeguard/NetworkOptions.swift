import ArgumentParser
import Datasets
import Experiments
import Layers
import Models
import Spiking

/// What network to build. Channels and image size come from the data.
struct NetworkOptions: ParsableArguments {
  @Option(help: "Network.")
  var model = VGGConfiguration.Depth.vgg5

  @Option(help: "Number of classes. (default: as many as the data have)")
  var classes: Int?

  @Option(help: "How spikes reach the linear layer: 'released' pools to 7 × 7, 'compact' to 1 × 1.")
  var head = VGGConfiguration.Head.released

  @Option(help: "Factor on the channels of every convolution.")
  var width = 1.0

  @Option(name: .customLong("time-steps"), help: "Time steps of direct coding, T.")
  var timeSteps = 4

  @Option(
    help: "Mean of the pixels, one number a channel, as 0.49,0.48,0.45. (default: the data set's)")
  var mean: String?

  @Option(help: "Standard deviation of the pixels, as --mean. (default: the data set's)")
  var deviation: String?

  @OptionGroup(title: "Neuron") var neuron: NeuronOptions

  func recipe(for dataset: ImageDataset) throws -> NetworkRecipe {
    guard dataset.shape.height == dataset.shape.width else {
      throw UsageError("expected square images, found \(dataset.shape); pad or crop them")
    }
    var recipe = NetworkRecipe()
    recipe.model = model
    recipe.classes = classes ?? dataset.classes
    recipe.channels = dataset.shape.channels
    recipe.imageSize = dataset.shape.height
    recipe.width = width
    recipe.head = head
    recipe.steps = timeSteps
    recipe.normalization = try normalization(for: dataset)
    recipe.neuron = neuron.recipe
    return recipe
  }

  private func normalization(for dataset: ImageDataset) throws -> PixelNormalization? {
    guard mean != nil || deviation != nil else { return Self.known[dataset.name] }
    let channels = dataset.shape.channels
    let mean = try numbers(mean, "--mean", channels)
    let deviation = try numbers(deviation, "--deviation", channels)
    guard deviation.allSatisfy({ $0 > 0 }) else {
      throw UsageError("--deviation: expected positive numbers, found \(deviation)")
    }
    return PixelNormalization(mean: mean, standardDeviation: deviation)
  }

  private static let known: [String: PixelNormalization] = [
    "fashion-mnist": .fashionMNIST, "mnist": .mnist,
  ]

  private func numbers(_ text: String?, _ option: String, _ channels: Int) throws -> [Double] {
    let parts = (text ?? "").split(separator: ",")
    let numbers = parts.compactMap { Double($0) }.filter(\.isFinite)
    guard numbers.count == channels, parts.count == channels else {
      throw UsageError(
        "\(option): expected \(channels) numbers separated by commas, found '\(text ?? "nothing")'; "
          + "--mean and --deviation go together")
    }
    return numbers
  }
}

/// The neuron; the defaults are the paper's.
struct NeuronOptions: ParsableArguments {
  @Option(
    help: "Membrane time constant in steps; the leak is 1 − 1/τ. 'inf' is integrate-and-fire.")
  var tau = 1.1

  @Option(help: "Firing threshold.")
  var threshold = 1.0

  @Option(
    help: "What a spike does to the membrane: subtract the threshold, return to 0, or nothing.")
  var reset = NeuronRecipe.ResetKind.soft

  @Flag(help: "Divide the input by τ.")
  var inputDecay = false

  @Flag(help: "Ignore the reset in the gradient.")
  var detachReset = false

  @Option(help: "Shape of the surrogate gradient.")
  var surrogate = Surrogate.Shape.triangle

  @Option(help: "Width of the surrogate, 1/alpha in SpikingJelly.")
  var surrogateWidth = 1.0

  @Option(help: "'throughTime' is BPTT, 'withinStep' is SLTT.")
  var temporalGradient = TemporalGradient.throughTime

  var recipe: NeuronRecipe {
    var recipe = NeuronRecipe()
    recipe.tau = tau == .infinity ? nil : tau
    recipe.threshold = threshold
    recipe.reset = reset
    recipe.decaysInput = inputDecay
    recipe.detachesReset = detachReset
    recipe.surrogate = surrogate
    recipe.surrogateWidth = surrogateWidth
    recipe.temporalGradient = temporalGradient
    return recipe
  }
}
