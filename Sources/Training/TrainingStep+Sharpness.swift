import Layers
import Optimization
import Spiking
import Torch

extension TrainingStep {
  /// The gradients g′ = ∇L(w + e) that a sharpness-aware step descends, in place of g = ∇L(w).
  ///
  /// The second pass is the first one at other weights: the same images as they were shown (an attack is not run
  /// again), the same starting membranes and the same random numbers. Batch norm normalises it by its batch's own
  /// statistics, and the running statistics are put back: they move once, at w. So are the weights, from copies and
  /// not by subtracting e, so that they are w bit for bit whatever happened in between.
  ///
  /// **Deflation.** The ascent follows g as it is: it looks for the worst neighbour, to which the leading singular
  /// terms belong. The optimiser's chain gets g′, so it is g′ that is deflated.
  func gradients(
    uphillBy ascent: SharpnessAwareAscent, of gradients: NamedTensors, on images: Tensor,
    labels: Tensor, startingFrom leftBy: ForwardPass?, _ randomness: StepRandomness
  ) -> NamedTensors {
    let parameters = network.parameters
    let kept = network.weights.map { $0.detached().copied() }
    defer { network.restore(kept) }
    let perturbation = ascent.perturbation(of: gradients, at: parameters)
    withoutGradients {
      for (name, change) in perturbation { parameters[name]!.detached().addInPlace(change) }
    }
    var pass = pass(startingFrom: leftBy, randomness)
    return network.lossGradients(
      of: objective, on: images, labels: labels, encoder: encoder, &pass, unrolling: unrolling
    ).gradients
  }
}
