import Datasets
import Layers
import Models
import Optimization
import Spiking
import Torch
import Training

/// Gradients of a network on a batch, and their singular values before and after deflation.
public enum GradientSpectra {
  /// The parameter gradients of the per-step cross-entropy on all images of a data set as one batch.
  ///
  /// Running statistics are left as they were, also in training mode.
  ///
  /// - Parameter mode: training uses the batch's own statistics in batch norm.
  public static func gradients(
    _ network: any SpikingNetwork, _ recipe: NetworkRecipe, on dataset: ImageDataset, _ mode: Mode
  ) -> NamedTensors {
    let kept = network.buffers.map { $0.copied() }
    defer {
      withoutGradients {
        for (name, value) in kept { network.buffers[name]!.copyInPlace(from: value) }
      }
    }
    let all = 0..<dataset.count
    var pass = ForwardPass(mode, using: Generator(seed: 0))
    let logits = network(recipe.encoder(dataset.images(at: all), &pass), &pass)
    return PerStepCrossEntropy()(logits, dataset.labels(at: all)).gradients(of: network.parameters)
  }

  /// Singular values of every weight matrix's gradient, before and after deflation, in training mode.
  ///
  /// - Throws: `TorchError` when LAPACK does not converge.
  static func measure(
    _ network: any SpikingNetwork, _ recipe: NetworkRecipe, on dataset: ImageDataset
  ) throws -> [LayerSpectrum] {
    let gradients = gradients(network, recipe, on: dataset, .training)
    var deflated = gradients
    var deflation = DominantSingularDeflation()
    deflation.apply(to: &deflated, at: network.parameters, step: 0)
    return try gradients.filter { gradients[$0]!.rank >= 2 }.map { layer in
      LayerSpectrum(
        layer: layer.name, before: try spectrum(layer.tensor),
        after: try spectrum(deflated[layer.name]!))
    }
  }

  private static func spectrum(_ gradient: Tensor) throws -> [Double] {
    try gradient.flattened(from: 1).converted(to: .float64).singularValues().scalars(
      of: Double.self)
  }
}
