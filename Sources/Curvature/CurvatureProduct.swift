/// Which product with a vector v is meant, where F(θ) is the gradient that backpropagation gives
/// and J its Jacobian by double differentiation.
///
/// **What J is for a spiking network.** The loss is piecewise constant in most weights, and F is no
/// gradient of it: every spike is differentiated by its surrogate. J differentiates F by the same
/// rule once more: a spike has the value s, the slope g(u) and the curvature g′(u), which are those
/// of a smooth function at this point, and what is detached is a constant. So J is the exact
/// Hessian of a smooth function that has the network's spikes at these parameters, and
/// **symmetric**: Jv = Jᵀv but for rounding, whatever the surrogate, the reset, the temporal
/// gradient or the gradient view (all of them are detached values in recorded operations).
/// ``Asymmetry`` measures it. A backward rule written by hand that is no derivative of anything
/// would make it asymmetric.
///
/// | question | answer | symmetric |
/// |---|---|---|
/// | the "Hessian" of papers, PyHessian | ``transposedJacobian`` | yes |
/// | its part that is so by construction | ``symmetricPart`` | always |
/// | that of the loss of the outputs alone | ``gaussNewton`` | always; semidefinite if convex |
/// | how F really changes over a step, spikes flipping | ``SecantProduct`` | no |
public enum CurvatureProduct: String, Codable, Sendable, CaseIterable {
  /// Jᵀv, what differentiating ⟨F, v⟩ gives: one backward pass. It is the "Hessian-vector product"
  /// of PyHessian and of most papers.
  case transposedJacobian
  /// Jv: the change of F along v, a spike changing by its surrogate. One backward pass.
  case jacobian
  /// (J + Jᵀ)v / 2, symmetric whatever J is: two backward passes.
  case symmetricPart
  /// Gv = J_fᵀ H_ℓ J_f v, with J_f the outputs' Jacobian and H_ℓ the Hessian of the loss of the
  /// outputs (generalised Gauss–Newton): positive semidefinite where the loss is convex in the
  /// outputs, and 0 where it is linear in them. Two backward passes.
  case gaussNewton
}
