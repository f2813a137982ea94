import Layers
import Torch

/// A weight's gradient told apart by the time step at which the weight was used:
///
///     G = ∂L/∂W = Σ g[t],     g[t] = (∂y[t]/∂W)ᵀ δ[t],     δ[t] = ∂L/∂y[t],     y[t] = layer(x[t]; W)
///
/// δ[t] holds all paths from the layer's output at step t to the loss: to the logits of step t, and through the membranes
/// (where the neurons let a gradient through time) to all later ones. It is the gradient that an unrolled network would
/// have with a weight of its own at every step.
///
/// W is the parameter itself. Where a layer computes with a function of it (``WeightStandardizedConv2d``), g[t] is taken
/// through that function, which is linear in δ[t], so that the g[t] still add up to what the optimiser sees.
public struct StepwiseGradient: Sendable {
  /// The weight's name among the network's parameters.
  public let name: String
  let use: WeightUse
  /// δ, `[T·B, …]`
  let outputGradient: Tensor

  public var steps: Int { use.output.steps }

  /// g, `[T, out, …]`. Computed anew at every call: T times the weight's size, so take one layer after the other.
  public func ofWeight() -> Tensor {
    let weight = use.layer.weight
    return .stacking(
      eachStep { input, gradient in
        pulledBack(gradient, through: { use.layer(input) }, to: weight)
      })
  }

  /// ∂L/∂x[t] through this layer alone, `[T, B, …]`: of a network's first layer, what arrives at the image (in
  /// normalised pixels) at each step.
  public func ofInput() -> Tensor {
    .stacking(
      eachStep { input, gradient in
        let leaf = input.requiringGradient()
        return pulledBack(gradient, through: { use.layer(leaf) }, to: leaf)
      })
  }

  private func eachStep(_ body: (Tensor, Tensor) -> Tensor) -> [Tensor] {
    let gradients = Signal(stepped: outputGradient, steps: steps).eachStep
    return zip(use.input.eachStep, gradients).map { body($0.detached(), $1) }
  }

  private func pulledBack(
    _ gradient: Tensor, through layer: () -> Tensor, to leaf: Tensor
  ) -> Tensor {
    do {
      return try vectorJacobianProduct(
        outputs: [withGradients(layer)], inputs: [leaf], vectors: [gradient])[0]
    } catch { fatalError(error.description) }
  }
}

extension SpikingNetwork {
  /// Every layer's gradient by time step, in evaluation mode, in the order in which the layers ran.
  ///
  /// - Parameters:
  ///   - images: `[B, C, H, W]` in [0, 1].
  ///   - labels: int64 `[B]`.
  ///   - loss: logits `[T, B, classes]` and labels → scalar.
  public func stepwiseGradients(
    _ encoder: some Encoder, images: Tensor, labels: Tensor, gradientView: GradientView? = nil,
    using generator: Generator? = nil, loss: (Tensor, Tensor) -> Tensor
  ) -> [StepwiseGradient] {
    var pass = ForwardPass(.evaluation, gradientView: gradientView, using: generator)
    pass.weightUses = []
    let value = withGradients { loss(self(encoder(images, &pass), &pass), labels) }
    let uses = pass.weightUses ?? []
    let gradients = value.gradients(of: uses.map(\.output.values))
    let parameters = self.parameters
    return zip(uses, gradients).map { use, gradient in
      guard let name = parameters.first(where: { $0.tensor.isSame(as: use.layer.weight) })?.name
      else {
        preconditionFailure("stepwiseGradients: a layer's weight is none of the parameters")
      }
      return StepwiseGradient(name: name, use: use, outputGradient: gradient)
    }
  }
}
