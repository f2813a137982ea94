import Layers
import Torch

/// A network whose neurons spike. It holds weights only; all state of a run is in the `ForwardPass`.
public protocol SpikingNetwork: AnyObject, Module {
  /// Signal of images → logits `[T, B, classes]`.
  func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor
  /// A name for each neuron layer, in the order in which a pass records their activity.
  var neuronLayerNames: [String] { get }
}

extension SpikingNetwork {
  /// The network as an attacker or a user sees it: images in, logits averaged over time out.
  ///
  /// Every call runs in evaluation mode through all time steps from a fresh state, so calls cannot influence
  /// one another or the training. Differentiable with respect to the images.
  ///
  /// - Parameter generator: what a stochastic coding draws from, anew at every call.
  public func classifier(
    _ encoder: some Encoder, gradientView: GradientView? = nil, using generator: Generator? = nil
  ) -> (Tensor) -> Tensor {
    { images in
      var pass = ForwardPass(.evaluation, gradientView: gradientView, using: generator)
      return self(encoder(images, &pass), &pass).mean(along: [0])
    }
  }
}
