public import Torch

/// Adds a multiple of the parameters: g ← g + λ p, the gradient of ½ λ ‖p‖².
///
/// It decays every parameter that has a gradient, biases and batch-norm scales too, as `torch.optim.SGD`
/// does. Its place says which decay it is: before ``Momentum`` or ``AdamMoments`` the coupled (L2) one, after
/// them the decoupled one (`AdamMoments → WeightDecay → LearningRate` is AdamW).
public struct WeightDecay: GradientTransform {
  public var name: String { "decay" }
  public let rate: Double

  public init(_ rate: Double) { self.rate = rate }

  public func apply(to gradients: inout NamedTensors, at parameters: NamedTensors, step: Int) {
    guard rate != 0 else { return }
    for (name, gradient) in gradients {
      guard let parameter = parameters[name] else {
        preconditionFailure("WeightDecay: a gradient is named '\(name)', no parameter is")
      }
      gradients[name] = gradient.adding(parameter.detached(), scale: rate)
    }
  }

  public var description: String { "WeightDecay(\(rate))" }
}
