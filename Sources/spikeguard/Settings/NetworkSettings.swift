import ArgumentParser

/// What network to build. Channels and image size come from the data.
struct NetworkSettings: SettingGroup {
  @OptionGroup var architecture: ArchitectureSettings

  @Option(
    help: .setting(
      "activation", "What the units do: 'spiking' neurons, or 'relu' for the artificial twin."))
  var activation: String?

  @Option(help: .setting("classes", "Number of classes; 'auto' is as many as the data have."))
  var classes: String?

  @Option(
    help: .setting(
      "coding",
      "How images become signals in time: themselves at each step, or spikes with the pixel's "
        + "probability, drawn by the seed."))
  var coding: String?

  @Option(help: .setting("time-steps", "Time steps, T."))
  var timeSteps: String?

  @Option(
    help: .setting(
      "mean",
      "Mean of the pixels, one number a channel, as 0.49,0.48,0.45; 'auto' is the data set's, "
        + "none for tensors:FILE."))
  var mean: String?

  @Option(help: .setting("deviation", "Standard deviation of the pixels, as --mean."))
  var deviation: String?
}

/// The network's layers, whatever its units, images and steps.
struct ArchitectureSettings: SettingGroup {
  @Option(help: .setting("model", "Network; `spikeguard models` lists them with their sizes."))
  var model: String?

  @Option(
    help: .setting(
      "stem",
      "How a residual network begins: 'cifar' keeps the image's size, 'imagenet' quarters it; 'auto' "
        + "is imagenet from 128 pixels on."))
  var stem: String?

  @Option(
    help: .setting(
      "head",
      "How a VGG's spikes reach the linear layer: 'released' pools to 7 × 7, 'compact' to 1 × 1."))
  var head: String?

  @Option(help: .setting("width", "Factor on the channels of every convolution."))
  var width: String?
}

/// The neuron with its gradient in time; the defaults are the paper's.
struct NeuronSettings: SettingGroup {
  @OptionGroup var dynamics: DynamicsSettings

  @Option(
    help: .setting("temporal-gradient", "'throughTime' is BPTT, 'withinStep' is SLTT."))
  var temporalGradient: String?
}

/// What a neuron does in one step, forwards and backwards.
struct DynamicsSettings: SettingGroup {
  @Option(
    help: .setting(
      "tau",
      "Membrane time constant in steps; the leak is 1 − 1/τ. 'inf' is integrate-and-fire."))
  var tau: String?

  @Option(help: .setting("threshold", "Firing threshold."))
  var threshold: String?

  @Option(
    help: .setting(
      "reset",
      "What a spike does to the membrane: subtract the threshold, return to 0, or nothing."))
  var reset: String?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: .setting("input-decay", "Divide the input by τ."))
  var inputDecay: Bool?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: .setting("detach-reset", "Ignore the reset in the gradient."))
  var detachReset: Bool?

  @Option(help: .setting("surrogate", "Shape of the surrogate gradient."))
  var surrogate: String?

  @Option(help: .setting("surrogate-width", "Width of the surrogate, 1/alpha in SpikingJelly."))
  var surrogateWidth: String?
}
