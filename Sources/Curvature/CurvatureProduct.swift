/// Which product with a vector v is meant, where F(θ) is the gradient that backpropagation gives and J = ∂F/∂θ.
///
/// **What J is for a spiking network.** The loss is piecewise constant in most weights, and F is no gradient of it: every
/// spike is differentiated by its surrogate. J differentiates F by the same rule once more: a spike has the value s, the
/// slope g(u) and the curvature g′(u).
public enum CurvatureProduct: String, Codable, Sendable, CaseIterable {
  /// Jᵀv, what differentiating ⟨F, v⟩ gives: one backward pass. It is the "Hessian-vector product" of PyHessian and of most
  /// papers.
  case transposedJacobian
  /// Jv: the change of F along v.
  case jacobian
  /// (J + Jᵀ)v / 2, symmetric whatever J is: two backward passes.
  case symmetricPart
  /// Gv = J_fᵀ H_ℓ J_f v, with J_f the outputs' Jacobian and H_ℓ the Hessian of the loss of the outputs (generalised
  /// Gauss–Newton): positive semidefinite where the loss is convex in the outputs.
  case gaussNewton
}
