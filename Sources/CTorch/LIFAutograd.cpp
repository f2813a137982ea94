// Differentiation of spikeguard::lif: once, twice, and a third time along the cotangent of the second.
//
// Backward is a function b(g, x) = K(x)ᵀ g of the spikes' gradient g and the input x, with K = ds/dx.
// Double backward turns a cotangent u of it into (K u, B u), where B = Σ gₖ d²sₖ/dx² is symmetric: the
// rule of a spike is a value, a slope and a curvature of one function, so the order in which it is
// differentiated has no influence. That is linear in u, and its transpose needs nothing new:
//   ū = Kᵀ p + B q   from the cotangents p of K u and q of B u.
// A product J v with the Jacobian of a gradient is formed so (reverse mode, transposed by reverse mode).
//
// What is saved is x (and the membrane at the start, if there is one), nothing of the states in
// between: see LIFKernels.h. The membrane, before and after, is a constant for autograd.
#include <ATen/ops/add.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "LIFSavedOptions.h"

namespace spikeguard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor orUndefined(const OptionalTensor& t) { return t.value_or(Tensor()); }
// Detached: otherwise spikes would seem to depend on a membrane that carries a gradient.
OptionalTensor asConstant(const OptionalTensor& t) {
  return t && t->defined() ? OptionalTensor(t->detach()) : std::nullopt;
}
OptionalTensor orNothing(const Tensor& t) { return t.defined() ? OptionalTensor(t) : std::nullopt; }

// Double backward as a differentiable function of its cotangent u.
struct LIFDoubleBackward : torch::autograd::Function<LIFDoubleBackward> {
  static variable_list forward(
      AutogradContext* context, const Tensor& u, const Tensor& grad, const Tensor& x,
      const OptionalTensor& membrane, const LIFOptions& options) {
    static const LIFOperator<LIFDoubleBackwardFunction> doubleBackward(
        "spikeguard::lif_double_backward");
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({grad, x, orUndefined(membrane)});
    context->set_materialize_grads(false);
    saveOptions(context, options);
    auto [gradGrad, gradX] = doubleBackward(options, u, grad, x, membrane);
    return {gradGrad, gradX};
  }

  static variable_list backward(AutogradContext* context, variable_list cotangents) {
    static const LIFOperator<LIFBackwardFunction> backward("spikeguard::lif_backward");
    static const LIFOperator<LIFDoubleBackwardFunction> doubleBackward(
        "spikeguard::lif_double_backward");
    // Edges: u, grad, x.
    TORCH_CHECK_NOT_IMPLEMENTED(
        !context->needs_input_grad(1) && !context->needs_input_grad(2),
        "spikeguard::lif has no third derivative: what it gave when it was differentiated twice can "
        "be differentiated with respect to the vector that it was multiplied by, and nothing else");
    variable_list saved = context->get_saved_variables();
    LIFOptions options = savedOptions(context);
    OptionalTensor membrane = orNothing(saved[2]);
    const Tensor &p = cotangents[0], &q = cotangents[1];
    Tensor result;
    if (context->needs_input_grad(0)) {
      if (p.defined()) result = backward(options, p, saved[1], membrane);
      if (q.defined()) {
        Tensor second = std::get<1>(doubleBackward(options, q, saved[0], saved[1], membrane));
        result = result.defined() ? at::add(result, second) : second;
      }
    }
    return {result, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// Backward as a differentiable function of the spikes' gradient and of x.
struct LIFBackward : torch::autograd::Function<LIFBackward> {
  static Tensor forward(
      AutogradContext* context, const Tensor& grad, const Tensor& x, const OptionalTensor& membrane,
      const LIFOptions& options) {
    static const LIFOperator<LIFBackwardFunction> backward("spikeguard::lif_backward");
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({grad, x, orUndefined(membrane)});
    saveOptions(context, options);
    return backward(options, grad, x, membrane);
  }

  static variable_list backward(AutogradContext* context, variable_list u) {
    static const LIFOperator<LIFDoubleBackwardFunction> doubleBackward(
        "spikeguard::lif_double_backward");
    variable_list saved = context->get_saved_variables();
    auto [gradGrad, gradX] =
        doubleBackward(savedOptions(context), u[0], saved[0], saved[1], orNothing(saved[2]));
    return {gradGrad, gradX, Tensor(), Tensor()};
  }
};

struct LIF : torch::autograd::Function<LIF> {
  static variable_list forward(
      AutogradContext* context, const Tensor& x, const OptionalTensor& membrane,
      const LIFOptions& options) {
    static const LIFOperator<LIFForwardFunction> forward("spikeguard::lif");
    at::AutoDispatchBelowADInplaceOrView below;
    auto [spikes, final, count] = forward(options, x, membrane);
    context->mark_non_differentiable({final, count});
    context->save_for_backward({x, orUndefined(membrane)});
    saveOptions(context, options);
    return {spikes, final, count};
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    static const LIFOperator<LIFBackwardFunction> backward("spikeguard::lif_backward");
    variable_list saved = context->get_saved_variables();
    Tensor gradX = backward(savedOptions(context), grads[0], saved[0], orNothing(saved[1]));
    return {gradX, Tensor(), Tensor()};
  }
};

std::tuple<Tensor, Tensor, Tensor> forward(
    const LIFOptions& options, const Tensor& x, const OptionalTensor& membrane) {
  variable_list results = LIF::apply(x, asConstant(membrane), options);
  return {results[0], results[1], results[2]};
}

Tensor backward(
    const LIFOptions& options, const Tensor& grad, const Tensor& x,
    const OptionalTensor& membrane) {
  return LIFBackward::apply(grad, x, asConstant(membrane), options);
}

std::tuple<Tensor, Tensor> doubleBackward(
    const LIFOptions& options, const Tensor& u, const Tensor& grad, const Tensor& x,
    const OptionalTensor& membrane) {
  variable_list results = LIFDoubleBackward::apply(u, grad, x, asConstant(membrane), options);
  return {results[0], results[1]};
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_IMPL(spikeguard, Autograd, m) {
  using namespace spikeguard;
  m.impl("lif", LIFOperator<LIFForwardFunction>::entry<forward>);
  m.impl("lif_backward", LIFOperator<LIFBackwardFunction>::entry<backward>);
  m.impl("lif_double_backward", LIFOperator<LIFDoubleBackwardFunction>::entry<doubleBackward>);
}
