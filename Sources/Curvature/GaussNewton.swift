import Torch

/// v ↦ J_fᵀ H_ℓ J_f v, with outputs f(θ) and a loss ℓ(f): the graphs of its three factors.
struct GaussNewton {
  private let outputs: Tensor
  private let parameters: [Tensor]
  private let change: ForwardDerivative
  /// The outputs once more, as a leaf, and ∂ℓ/∂f there.
  private let leaf: Tensor
  private let slope: Tensor
  private let isKept: Bool

  init(
    of outputs: Tensor, loss: (Tensor) -> Tensor, parameters: [Tensor], isKept: Bool
  ) throws(TorchError) {
    self.outputs = outputs
    self.parameters = parameters
    self.isKept = isKept
    change = try ForwardDerivative(of: [outputs], along: parameters)
    let leaf = outputs.requiringGradient()
    self.leaf = leaf
    slope = try vectorJacobianProduct(
      outputs: [withGradients { loss(leaf) }], inputs: [leaf], vectors: nil, createGraph: true)[0]
  }

  func callAsFunction(_ vector: [Tensor]) throws(TorchError) -> [Tensor] {
    // A loss that is linear in the outputs has no curvature.
    guard slope.requiresGradient, outputs.requiresGradient else {
      return parameters.map { Tensor.zeros(like: $0).detached() }
    }
    let moved = try change(vector, isLast: !isKept)
    let pushed = try vectorJacobianProduct(
      outputs: [slope], inputs: [leaf], vectors: moved, retainGraph: isKept)
    return try vectorJacobianProduct(
      outputs: [outputs], inputs: parameters, vectors: pushed, retainGraph: isKept)
  }
}
