import Layers
import Torch

/// A network whose neurons spike. It holds weights only; all state of a run is in the `ForwardPass`.
public protocol SpikingNetwork: AnyObject, Module {
  /// Signal of images → logits `[T, B, classes]`.
  func callAsFunction(_ input: Signal, _ pass: inout ForwardPass) -> Tensor
}

extension SpikingNetwork {
  /// The network as an attacker or a user sees it: images in, logits averaged over time out.
  ///
  /// Every call runs in evaluation mode through all time steps from a fresh state, so calls cannot influence
  /// one another or the training. Differentiable with respect to the images.
  public func classifier(
    _ encoder: some Encoder, gradientView: GradientView? = nil
  ) -> (Tensor) -> Tensor {
    { images in
      var pass = ForwardPass(.evaluation, gradientView: gradientView)
      return self(encoder(images), &pass).mean(along: [0])
    }
  }
}
