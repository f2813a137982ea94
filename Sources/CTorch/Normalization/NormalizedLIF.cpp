// spikeguard::lif_normalized: batch norm, LIF neurons and, where asked, an average pool over 2 x 2
// positions as one operator. What is saved for backward is its input, the convolution's output.
//
// Asked for a graph of its own, backward is composed of spikeguard::batch_norm and spikeguard::lif.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/div.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <torch/library.h>

#include "../LIFSavedOptions.h"
#include "NormalizedNeurons.h"

namespace spikeguard {
namespace {

Gradients composedBackward(
    const LIFOptions& options, const NormalizedNeurons& asked, const Tensor& grad, const Tensor& x,
    Wanted wanted) {
  static const LIFOperator<LIFBackwardFunction> lifBackward("spikeguard::lif_backward");
  const Tensor normalized = batchNorm(x, asked.weight, asked.bias, asked.statistics);
  const Tensor ofSpikes = asked.pooled
      ? at::div(at::upsample_nearest2d(grad, {x.size(2), x.size(3)}), 4) : grad;
  return batchNormGradients(
      lifBackward(options, ofSpikes, normalized, std::nullopt), x, asked.weight, asked.statistics,
      wanted);
}

struct NormalizedLIF : torch::autograd::Function<NormalizedLIF> {
  static variable_list forward(
      AutogradContext* context, const Tensor& x, const OptionalTensor& weight,
      const OptionalTensor& bias, const NormalizedNeurons& asked, const LIFOptions& options) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [result, count] = normalizedForward(options, asked, x);
    context->mark_non_differentiable({count});
    context->save_for_backward(
        {x, weight.value_or(Tensor()), bias.value_or(Tensor()), asked.statistics.mean,
         asked.statistics.variance});
    context->saved_data["epsilon"] = asked.statistics.epsilon;
    context->saved_data["of_batch"] = asked.statistics.ofBatch;
    context->saved_data["pooled"] = asked.pooled;
    saveOptions(context, options);
    return {result, count};
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const variable_list saved = context->get_saved_variables();
    const NormalizedNeurons asked{
        orNothing(saved[1]), orNothing(saved[2]),
        Statistics{
            saved[3], saved[4], context->saved_data["epsilon"].toDouble(),
            context->saved_data["of_batch"].toBool()},
        context->saved_data["pooled"].toBool()};
    const Wanted wanted = wantedBy(context, saved[1].defined(), saved[2].defined());
    auto gradients = at::GradMode::is_enabled() ? composedBackward : normalizedBackward;
    Gradients result = gradients(savedOptions(context), asked, grads[0], saved[0], wanted);
    return {result[0], result[1], result[2], Tensor(), Tensor()};
  }
};

std::tuple<Tensor, Tensor> lifNormalized(
    const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, const Tensor& mean,
    const Tensor& variance, double epsilon, bool ofBatch, bool pooled, int64_t steps,
    bool constant, double leak, double inputScale, double threshold, int64_t reset,
    bool detachReset, int64_t surrogate, double width, double scale, bool throughTime,
    bool spiking, bool keepMembrane) {
  TORCH_CHECK_VALUE(!keepMembrane, "spikeguard::lif_normalized keeps no membrane");
  const LIFOptions options{steps, constant,    leak,      inputScale, threshold,
                           reset, detachReset, surrogate, width,      scale,
                           throughTime,        spiking,   keepMembrane};
  const NormalizedNeurons asked{
      weight, bias, Statistics{mean.detach(), variance.detach(), epsilon, ofBatch}, pooled};
  variable_list results = NormalizedLIF::apply(x, weight, bias, asked, options);
  return {results[0], results[1]};
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def(
      "lif_normalized(Tensor x, Tensor? weight, Tensor? bias, Tensor mean, Tensor variance, "
      "float eps, bool of_batch, bool pooled, " LIF_OPTIONS_SCHEMA
      ") -> (Tensor result, Tensor count)");
}

TORCH_LIBRARY_IMPL(spikeguard, CompositeImplicitAutograd, m) {
  m.impl("lif_normalized", TORCH_FN(spikeguard::lifNormalized));
}
