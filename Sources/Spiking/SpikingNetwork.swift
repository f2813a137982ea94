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
    classifier(encoder, averaging: [gradientView ?? GradientView()], using: generator)
  }

  /// The network under several gradient views at once: its values, and the mean of the views' gradients.
  ///
  ///     f(x) = f₁(x) + Σ (fᵢ(x) − fᵢ(x).detached()) / n
  ///
  /// The images are coded once, so that all views see the same spikes of a stochastic coding. It costs n passes where a
  /// gradient is recorded and one elsewhere.
  ///
  /// - Precondition: at least one view; more than one only if none ``GradientView/changesForward``.
  public func classifier(
    _ encoder: some Encoder, averaging views: [GradientView], using generator: Generator? = nil
  ) -> (Tensor) -> Tensor {
    precondition(
      views.count == 1 || (views.count > 1 && !views.contains(where: \.changesForward)),
      "classifier: expected one view or several that keep the network's values, got \(views)")
    return { images in
      var pass = ForwardPass(.evaluation, gradientView: views[0], using: generator)
      let signal = encoder(images, &pass)
      let first = self(signal, &pass).mean(along: [0])
      guard views.count > 1, first.requiresGradient else { return first }
      let share = 1 / Double(views.count)
      return views.dropFirst().reduce(first.detached() + (first - first.detached()) * share) {
        var other = ForwardPass(.evaluation, gradientView: $1, using: generator)
        let logits = self(signal, &other).mean(along: [0])
        return $0 + (logits - logits.detached()) * share
      }
    }
  }
}
