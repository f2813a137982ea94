import Layers
import Models
import Spiking
import Torch

/// A network as options say it: all that is needed to build it, and what a manifest records of it.
public struct NetworkRecipe: Codable, Sendable, Equatable {
  /// What the units of a network do.
  public enum Activation: String, Codable, Sendable, CaseIterable {
    /// The recipe's neuron.
    case spiking
    /// max(0, x): the artificial twin. The neuron keeps its defaults then, which mean nothing.
    case relu
  }

  /// How images become signals in time.
  public enum Coding: String, Codable, Sendable, CaseIterable {
    /// The image itself at each step.
    case direct
    /// Spikes with the pixel's probability, anew at each step (``PoissonEncoding``). Pixels are not normalised then:
    /// what the network's first layer sees is 0 or 1.
    case rate
  }

  public var model = ModelName.vgg5
  /// nil for the usual one of model and image size; VGG has none.
  public var stem: Stem?
  public var classes = 10
  public var channels = 1
  public var imageSize = 28
  public var width = 1.0
  public var head = VGGConfiguration.Head.released
  public var normalization: PixelNormalization?
  public var coding = Coding.direct
  /// T, time steps.
  public var steps = 4
  public var activation = Activation.spiking
  public var neuron = NeuronRecipe()

  public init() {}

  public var encoder: any Encoder {
    switch coding {
    case .direct: DirectEncoding(steps: steps)
    case .rate: PoissonEncoding(steps: steps)
    }
  }

  /// - Parameter seed: of the initial weights.
  public func build(seed: UInt64) throws(ModelError) -> any SpikingNetwork {
    try network(using: Generator(seed: seed))
  }

  /// How large the network is, or why it cannot be built.
  public func size() throws(ModelError) -> NetworkSize {
    NetworkSize(of: try network(using: nil), channels: channels, imageSize: imageSize)
  }

  private func network(using generator: Generator?) throws(ModelError) -> any SpikingNetwork {
    guard steps >= 1, steps <= 1024 else {
      throw .value("time steps", found: "\(steps)", expected: "1 to 1024")
    }
    let spiking = try neuron.neuron()
    // Which way a gradient takes through time is moot where nothing is carried over.
    var standing = NeuronRecipe()
    standing.temporalGradient = neuron.temporalGradient
    guard activation == .spiking || neuron == standing else {
      throw .value(
        "neuron", found: "other settings",
        expected: "its defaults, because with activation relu no neuron spikes")
    }
    guard coding == .direct || normalization == nil else {
      throw .value(
        "pixel normalisation", found: "one", expected: "none, because coding \(coding) sends spikes"
      )
    }
    return try ModelDesign(
      model, classes: classes, channels: channels, imageSize: imageSize, width: width, head: head,
      stem: stem, normalization: normalization,
      neuron: activation == .relu ? Rectifier() : spiking
    ).network(using: generator)
  }
}

/// A neuron as options say it.
public struct NeuronRecipe: Codable, Sendable, Equatable {
  public enum ResetKind: String, Codable, Sendable, CaseIterable { case soft, hard, none }

  /// Membrane time constant in steps; infinite for integrate-and-fire, which JSON cannot hold, hence nil.
  public var tau: Double? = 1.1
  public var threshold = 1.0
  public var reset = ResetKind.soft
  public var decaysInput = false
  public var detachesReset = false
  public var surrogate = Surrogate.Shape.triangle
  public var surrogateWidth = 1.0
  public var temporalGradient = TemporalGradient.throughTime

  public init() {}

  func neuron() throws(ModelError) -> LIF {
    if let tau, !(tau >= 1 && tau.isFinite) {
      throw .value("tau", found: "\(tau)", expected: "at least 1")
    }
    guard threshold > 0, threshold.isFinite else {
      throw .value("threshold", found: "\(threshold)", expected: "above 0")
    }
    guard surrogateWidth > 0, surrogateWidth.isFinite else {
      throw .value("surrogate width", found: "\(surrogateWidth)", expected: "above 0")
    }
    let resets: [ResetKind: Reset] = [.soft: .soft, .hard: .hard, .none: .none]
    var neuron = LIF(
      tau: tau ?? 1, threshold: threshold, reset: resets[reset]!, decaysInput: decaysInput,
      detachesReset: detachesReset, surrogate: Surrogate(surrogate, width: surrogateWidth),
      temporalGradient: temporalGradient)
    if tau == nil { neuron.leak = 1 }
    return neuron
  }
}
