// spikeguard::batch_norm: the engine's batch norm by given statistics, y = s (x − μ) + b with
// s = w / √(σ² + ε) for each channel, and derivatives of every order.
//
// Statistics of the batch itself (BatchStatistics.cpp) are functions of x; their derivatives are the
// engine's. Constant ones (evaluation, attacks, curvature) get faster derivatives. Values and first
// gradients are the engine's own, bit for bit, but where strides lead it astray (plainlyStrided). The
// engine differentiates them once more by one formula for every mode, some twenty passes over the
// images; with frozen statistics three do. With k = 1 / √(σ² + ε), the gradients of an output's
// gradient g are
//   gx = s g,   gw = Σ g (x − μ) k,   gb = Σ g,
// and with cotangents u of gx, v of gw, c of gb the second derivative is
//   towards g: s u + v k (x − μ) + c      towards x: v k g      towards w: k Σ g u
// composed of the engine's elementwise operators, so higher orders follow.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "BatchNorm.h"

namespace spikeguard {
namespace {

using at::Tensor;

// A number for each channel, to be broadcast over images of as many dimensions as x.
Tensor perChannel(const Tensor& values, const Tensor& x) {
  std::vector<int64_t> shape(x.dim(), 1);
  shape[1] = -1;
  return values.view(shape);
}

Tensor sumOverAllButChannels(const Tensor& x) {
  std::vector<int64_t> others;
  for (int64_t i = 0; i < x.dim(); ++i)
    if (i != 1) others.push_back(i);
  return at::sum(x, others);
}

// The same values where strides say the order in memory plainly. One image is channels-last under any stride between
// images, as are images of one row or column under any stride between those, and LibTorch 2.11's backward of batch norm
// then takes x and the gradient for the same order though they are not: its result is wrong.
Tensor plainlyStrided(const Tensor& t) {
  for (auto format : {at::MemoryFormat::ChannelsLast, at::MemoryFormat::ChannelsLast3d})
    if (t.is_contiguous(format) && !t.is_contiguous() && t.suggest_memory_format() != format)
      return t.clone(format);
  return t;
}

// The gradients that are wanted where the statistics are constants, as a differentiable function.
struct FrozenBackward : torch::autograd::Function<FrozenBackward> {
  static variable_list forward(
      AutogradContext* context, const Tensor& gradY, const Tensor& x,
      const OptionalTensor& weight, const Statistics& statistics, Wanted wanted) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward(
        {gradY, x, weight.value_or(Tensor()), statistics.mean, statistics.variance});
    context->set_materialize_grads(false);
    context->saved_data["epsilon"] = statistics.epsilon;
    saveWanted(context, wanted);
    // With frozen statistics the engine keeps none of the batch, and wants none.
    Tensor none = at::empty({0}, statistics.mean.options());
    return packed(
        wanted,
        at::native_batch_norm_backward(
            plainlyStrided(gradY), plainlyStrided(x), weight, statistics.mean,
            statistics.variance, none, none,
            /*train=*/false, statistics.epsilon, wanted));
  }

  static variable_list backward(AutogradContext* context, variable_list cotangents) {
    variable_list saved = context->get_saved_variables();
    const Tensor &gradY = saved[0], &x = saved[1], &weight = saved[2];
    Statistics statistics{
        saved[3], saved[4], context->saved_data["epsilon"].toDouble(), /*ofBatch=*/false};
    Gradients cotangent = unpacked(savedWanted(context), cotangents);
    const auto& [u, v, c] = cotangent;

    Tensor k = statistics.inverseDeviation();
    Tensor slope = v.defined() ? at::mul(v, k) : Tensor();
    Tensor towardsGradY, towardsX, towardsWeight;
    // Edges: gradY, x, and the weight if there is one.
    if (context->needs_input_grad(0)) {
      if (v.defined()) {
        Tensor shift = at::mul(statistics.mean, slope).neg();
        if (c.defined()) shift = at::add(shift, c);
        towardsGradY = at::addcmul(perChannel(shift, x), x, perChannel(slope, x));
      } else if (c.defined()) {
        towardsGradY = perChannel(c, x).expand_as(gradY);
      }
      if (u.defined()) {
        Tensor scale = perChannel(weight.defined() ? at::mul(weight, k) : k, x);
        towardsGradY =
            towardsGradY.defined() ? at::addcmul(towardsGradY, u, scale) : at::mul(u, scale);
      }
    }
    if (context->needs_input_grad(1) && v.defined())
      towardsX = at::mul(gradY, perChannel(slope, x));
    if (weight.defined() && context->needs_input_grad(2) && u.defined())
      towardsWeight = at::mul(sumOverAllButChannels(at::mul(gradY, u)), k);
    return {towardsGradY, towardsX, towardsWeight, Tensor(), Tensor()};
  }
};

Tensor valuesOf(
    const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias,
    const Statistics& statistics) {
  return at::batch_norm(
      x, weight, bias, statistics.mean, statistics.variance,
      /*training=*/false, /*momentum=*/0, statistics.epsilon, /*cudnn_enabled=*/false);
}

struct BatchNorm : torch::autograd::Function<BatchNorm> {
  static Tensor forward(
      AutogradContext* context, const Tensor& x, const OptionalTensor& weight,
      const OptionalTensor& bias, const Statistics& statistics) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward(
        {x, weight.value_or(Tensor()), statistics.mean, statistics.variance});
    context->set_materialize_grads(false);
    context->saved_data["has_bias"] = bias.has_value();
    context->saved_data["epsilon"] = statistics.epsilon;
    context->saved_data["of_batch"] = statistics.ofBatch;
    return valuesOf(x, weight, bias, statistics);
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    Gradients result;
    if (grads[0].defined()) {
      variable_list saved = context->get_saved_variables();
      Wanted wanted = wantedBy(
          context, saved[1].defined(), context->saved_data["has_bias"].toBool());
      Statistics statistics{
          saved[2], saved[3], context->saved_data["epsilon"].toDouble(),
          context->saved_data["of_batch"].toBool()};
      result = batchNormGradients(grads[0], saved[0], orNothing(saved[1]), statistics, wanted);
    }
    return {result[0], result[1], result[2], Tensor()};
  }
};

}  // namespace

Tensor Statistics::inverseDeviation() const { return at::rsqrt(at::add(variance, epsilon)); }

Gradients batchNormGradients(
    const Tensor& gradY, const Tensor& x, const OptionalTensor& weight,
    const Statistics& statistics, Wanted wanted) {
  if (!statistics.ofBatch)
    return unpacked(wanted, FrozenBackward::apply(gradY, x, weight, statistics, wanted));
  auto [towardsX, towardsWeight, towardsBias] = at::native_batch_norm_backward(
      plainlyStrided(gradY), plainlyStrided(x), weight, {}, {}, statistics.mean,
      statistics.inverseDeviation(),
      /*train=*/true, statistics.epsilon, wanted);
  return {towardsX, towardsWeight, towardsBias};
}

Tensor batchNorm(
    const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias,
    const Statistics& statistics) {
  auto requiresGrad = [](const OptionalTensor& t) { return t && t->requires_grad(); };
  bool recorded = at::GradMode::is_enabled() &&
      (x.requires_grad() || requiresGrad(weight) || requiresGrad(bias));
  return recorded ? BatchNorm::apply(x, weight, bias, statistics)
                  : valuesOf(x, weight, bias, statistics);
}

namespace {

Tensor batchNormOperator(
    const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, const Tensor& mean,
    const Tensor& variance, double epsilon, bool ofBatch) {
  return batchNorm(
      x, weight, bias, Statistics{mean.detach(), variance.detach(), epsilon, ofBatch});
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def(
      "batch_norm(Tensor x, Tensor? weight, Tensor? bias, Tensor mean, Tensor variance, "
      "float eps, bool of_batch) -> Tensor");
}

// Composed of the engine's operators, so that it runs wherever they do.
TORCH_LIBRARY_IMPL(spikeguard, CompositeImplicitAutograd, m) {
  m.impl("batch_norm", TORCH_FN(spikeguard::batchNormOperator));
}
