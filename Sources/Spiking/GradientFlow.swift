import Layers
import Torch

/// Where a loss's gradient dies on its way back to the images, layer by layer: a sign of masked gradients.
public struct GradientFlow: Sendable {
  /// From the input to the output.
  public let layers: [Layer]
  public let examples: Int
  /// Examples whose image gets no gradient at all.
  public let examplesWithoutGradient: Int
  /// Share of pixels with a gradient of exactly 0.
  public let zeroShare: Double

  /// One layer of neurons. A gradient counts as zero if it is exactly 0, by rule or because it underflowed.
  public struct Layer: Sendable {
    public let name: String
    /// Share of the layer's outputs, over steps, examples and neurons, at which no gradient arrives.
    public let arrivingZeroShare: Double
    /// Share of its input currents that no gradient leaves to: of those that are the same at every step, one a neuron.
    public let zeroShare: Double
    /// How many input currents that is a share of.
    public let currents: Int
    /// Examples for which the layer passes on nothing.
    public let examplesWithoutGradient: Int
    /// Neurons of one example.
    public let neurons: Int
    /// Those that were 0 in every step of every example.
    public let silentNeurons: Int

    /// Whether nothing in the layer spiked.
    public var neverSpikes: Bool { silentNeurons == neurons }
  }
}

extension SpikingNetwork {
  /// How much of a loss's gradient gets through each neuron layer, in evaluation mode under a gradient view.
  ///
  /// - Parameters:
  ///   - images: `[B, C, H, W]` in [0, 1], not empty.
  ///   - labels: int64 `[B]`.
  ///   - loss: of logits averaged over time, `[B, classes]`, and labels. A sum over examples: a mean makes small gradients
  ///     smaller still.
  public func gradientFlow(
    _ encoder: some Encoder, gradientView: GradientView? = nil, images: Tensor, labels: Tensor,
    using generator: Generator? = nil,
    loss: (Tensor, Tensor) -> Tensor = { $0.crossEntropy($1, reduction: .sum) }
  ) -> GradientFlow {
    let leaf = images.requiringGradient()
    var pass = ForwardPass(.evaluation, gradientView: gradientView, using: generator)
    pass.trace = []
    let value = withGradients {
      loss(self(encoder(leaf, &pass), &pass).mean(along: [0]), labels)
    }
    let trace = pass.trace ?? []
    precondition(
      trace.count == neuronLayerNames.count,
      "gradientFlow: \(neuronLayerNames.count) neuron layers have names, \(trace.count) ran")
    let gradients = value.gradients(
      of: [leaf] + trace.flatMap { [$0.current.values, $0.output.values] })
    let layers = trace.indices.map { index in
      let (current, output) = (trace[index].current, trace[index].output)
      let leaving = gradients[1 + 2 * index]
      let spikes = output.values.detached()
      return GradientFlow.Layer(
        name: neuronLayerNames[index],
        arrivingZeroShare: gradients[2 + 2 * index].zeroShare,
        zeroShare: leaving.zeroShare, currents: leaving.count,
        examplesWithoutGradient: leaving.examplesWithoutValues(examples: current.batchSize),
        neurons: spikes.shape.dropFirst().reduce(1, *),
        silentNeurons: Int((spikes.magnitude().max(along: [0]) .== 0).sum().item()))
    }
    return GradientFlow(
      layers: layers, examples: images.size(0),
      examplesWithoutGradient: gradients[0].examplesWithoutValues(examples: images.size(0)),
      zeroShare: gradients[0].zeroShare)
  }
}

extension Tensor {
  fileprivate var zeroShare: Double { (self .== 0).sum().item() / Double(count) }

  /// How many of the examples, `[examples, …]` or `[T·examples, …]`, are 0 everywhere.
  fileprivate func examplesWithoutValues(examples: Int) -> Int {
    let byExample = magnitude().reshaped([size(0) / examples, examples, -1])
    return Int((byExample.max(along: [0, 2]) .== 0).sum().item())
  }
}
