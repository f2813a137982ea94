// Differentiation of spikeguard::lif, once and twice.
//
// What is saved is x (and the membrane at the start, if there is one), nothing of the states in
// between: see LIFKernels.h. The membrane, before and after, is a constant for autograd.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "LIFOperators.h"

namespace spikeguard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct SavedOptions : torch::CustomClassHolder {
  LIFOptions options;
  explicit SavedOptions(const LIFOptions& o) : options(o) {}
};

void saveOptions(AutogradContext* context, const LIFOptions& options) {
  context->saved_data["options"] =
      c10::IValue::make_capsule(c10::make_intrusive<SavedOptions>(options));
}

LIFOptions savedOptions(AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<SavedOptions>(
             context->saved_data["options"].toCapsule())
      ->options;
}

Tensor orUndefined(const OptionalTensor& t) { return t.value_or(Tensor()); }
// Detached: otherwise spikes would seem to depend on a membrane that carries a gradient.
OptionalTensor asConstant(const OptionalTensor& t) {
  return t && t->defined() ? OptionalTensor(t->detach()) : std::nullopt;
}
OptionalTensor orNothing(const Tensor& t) { return t.defined() ? OptionalTensor(t) : std::nullopt; }

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
    TORCH_CHECK_NOT_IMPLEMENTED(
        !at::GradMode::is_enabled(),
        "spikeguard::lif has no third derivative: differentiate its gradient without create_graph");
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

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_IMPL(spikeguard, Autograd, m) {
  using namespace spikeguard;
  m.impl("lif", LIFOperator<LIFForwardFunction>::entry<forward>);
  m.impl("lif_backward", LIFOperator<LIFBackwardFunction>::entry<backward>);
}
