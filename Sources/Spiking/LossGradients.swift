import Layers
import Torch

/// A training loss with its gradients, and the logits that it was taken of.
public struct LossGradients: Sendable {
  /// A scalar, detached.
  public let loss: Tensor
  /// `[T, B, classes]`, detached.
  public let logits: Tensor
  /// By parameter name.
  public let gradients: NamedTensors
}

extension SpikingNetwork {
  /// The objective on a batch and its gradients with respect to the parameters, through all time steps in one
  /// graph.
  ///
  /// - Parameters:
  ///   - images: `[B, C, H, W]` in [0, 1].
  ///   - labels: int64 `[B]`.
  public func lossGradients(
    of objective: some Objective, on images: Tensor, labels: Tensor, encoder: some Encoder,
    _ pass: inout ForwardPass
  ) -> LossGradients {
    let logits = self(encoder(images, &pass), &pass)
    let loss = objective(logits, labels)
    return LossGradients(
      loss: loss.detached(), logits: logits.detached(), gradients: loss.gradients(of: parameters))
  }
}
