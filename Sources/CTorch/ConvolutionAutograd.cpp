// spikeguard::conv2d: the convolution y = x * w + b with derivatives of every order.
//
// Values and first gradients come from Winograd's kernels where these are faster
// (Winograd/ConvolutionChoice.h), else from the engine, to the bit.
//
// The engine differentiates its own convolution twice by way of convolutions of transposed tensors,
// with kernels as large as images, which are slow. The map (x, w) -> x * w is bilinear, so the
// gradients gx = D(g, w), gw = E(g, x) of an output's gradient g are bilinear too, and with
// cotangents u of gx, v of gw, c of gb the second derivative needs nothing but the same three maps:
//   towards g: u * w + x * v + c      towards x: D(g, v)      towards w: E(g, u)
// All of it is composed of the two functions below, so higher orders follow.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "WantedGradients.h"
#include "Winograd/ConvolutionChoice.h"
#include "Winograd/Winograd.h"

namespace spikeguard {
namespace {

using at::Tensor;

struct Geometry : torch::CustomClassHolder {
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups;
  Geometry(at::IntArrayRef s, at::IntArrayRef p, at::IntArrayRef d, int64_t g)
    : stride(s.vec()), padding(p.vec()), dilation(d.vec()), groups(g) {}
  ConvolutionShape shape() const { return {stride, padding, dilation, groups}; }
};
using SharedGeometry = c10::intrusive_ptr<Geometry>;

void saveGeometry(AutogradContext* context, const SharedGeometry& geometry) {
  context->saved_data["geometry"] = c10::IValue::make_capsule(geometry);
}
SharedGeometry savedGeometry(AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<Geometry>(context->saved_data["geometry"].toCapsule());
}

// The engine copies a weight into its input's order of memory in every call; here it is done once.
Tensor inOrderOf(const Tensor& x, const Tensor& weight, const ConvolutionShape& shape) {
  bool isLast = x.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  if (!isLast || !weight.defined() || weight.dim() != 4) return weight;
  if (winogradFor(x, weight, shape)) return weight;
  return weight.contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor valuesOf(
    const Tensor& x, const Tensor& weight, const OptionalTensor& bias,
    const ConvolutionShape& shape) {
  const WinogradKernels* kernels = winogradFor(x, weight, shape);
  // Of a bias that does not fit the engine says what is wrong.
  if (kernels && isWinogradBias(bias, weight))
    return winogradForward(*kernels, x, weight, bias.value_or(Tensor()));
  return at::conv2d(x, weight, bias, shape.stride, shape.padding, shape.dilation, shape.groups);
}

std::tuple<Tensor, Tensor, Tensor> gradientsOf(
    const Tensor& gradY, const Tensor& x, const Tensor& weight, const ConvolutionShape& shape,
    Wanted wanted) {
  if (const WinogradKernels* kernels = winogradFor(x, weight, shape)) {
    auto gradients = winogradBackward(*kernels, gradY, x, weight, {wanted[0], wanted[1]});
    return {gradients[0], gradients[1], wanted[2] ? gradY.sum({0, 2, 3}) : Tensor()};
  }
  at::OptionalIntArrayRef biasSizes;
  if (wanted[2]) biasSizes = gradY.sizes().slice(1, 1);
  return at::convolution_backward(
      gradY, x, weight, biasSizes, shape.stride, shape.padding, shape.dilation,
      /*transposed=*/false, /*output_padding=*/{0, 0}, shape.groups, wanted);
}

Tensor convolution(
    const Tensor& x, const Tensor& weight, const OptionalTensor& bias,
    const SharedGeometry& geometry);
Gradients convolutionGradients(
    const Tensor& gradY, const Tensor& x, const Tensor& weight, const SharedGeometry& geometry,
    Wanted wanted);

// The gradients that are wanted, as a differentiable function.
struct ConvolutionBackward : torch::autograd::Function<ConvolutionBackward> {
  static variable_list forward(
      AutogradContext* context, const Tensor& gradY, const Tensor& x, const Tensor& weight,
      const SharedGeometry& geometry, Wanted wanted) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({gradY, x, weight});
    context->set_materialize_grads(false);
    saveWanted(context, wanted);
    saveGeometry(context, geometry);
    return packed(wanted, gradientsOf(gradY, x, weight, geometry->shape(), wanted));
  }

  static variable_list backward(AutogradContext* context, variable_list cotangents) {
    variable_list saved = context->get_saved_variables();
    const Tensor &gradY = saved[0], &x = saved[1], &weight = saved[2];
    SharedGeometry geometry = savedGeometry(context);
    Gradients cotangent = unpacked(savedWanted(context), cotangents);
    const Tensor &u = cotangent[0], &c = cotangent[2];
    const Tensor v = inOrderOf(x, cotangent[1], geometry->shape());

    Tensor towardsGradY, towardsX, towardsWeight;
    // Edges: gradY, x, weight.
    if (context->needs_input_grad(0)) {
      if (u.defined()) towardsGradY = convolution(u, weight, orNothing(c), geometry);
      if (v.defined()) {
        OptionalTensor shift = u.defined() ? std::nullopt : orNothing(c);
        Tensor term = convolution(x, v, shift, geometry);
        towardsGradY = towardsGradY.defined() ? towardsGradY.add_(term) : term;
      }
      if (!towardsGradY.defined() && c.defined())
        towardsGradY = c.view({1, -1, 1, 1}).expand_as(gradY);
    }
    if (context->needs_input_grad(1) && v.defined())
      towardsX = convolutionGradients(gradY, x, v, geometry, {true, false, false})[0];
    if (context->needs_input_grad(2) && u.defined())
      towardsWeight = convolutionGradients(gradY, u, weight, geometry, {false, true, false})[1];
    return {towardsGradY, towardsX, towardsWeight, Tensor(), Tensor()};
  }
};

struct Convolution : torch::autograd::Function<Convolution> {
  static Tensor forward(
      AutogradContext* context, const Tensor& x, const Tensor& weight, const OptionalTensor& bias,
      const SharedGeometry& geometry) {
    at::AutoDispatchBelowADInplaceOrView below;
    // As in the engine's own graph, so that nothing that asks for the mode rounds differently.
    at::AutoGradMode recording(true);
    context->save_for_backward({x, weight});
    context->set_materialize_grads(false);
    context->saved_data["has_bias"] = bias.has_value();
    saveGeometry(context, geometry);
    return valuesOf(x, weight, bias, geometry->shape());
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    Gradients result;
    if (grads[0].defined()) {
      variable_list saved = context->get_saved_variables();
      result = convolutionGradients(
          grads[0], saved[0], saved[1], savedGeometry(context),
          wantedBy(context, true, context->saved_data["has_bias"].toBool()));
    }
    return {result[0], result[1], result[2], Tensor()};
  }
};

Tensor convolution(
    const Tensor& x, const Tensor& weight, const OptionalTensor& bias,
    const SharedGeometry& geometry) {
  return Convolution::apply(x, weight, bias, geometry);
}

Gradients convolutionGradients(
    const Tensor& gradY, const Tensor& x, const Tensor& weight, const SharedGeometry& geometry,
    Wanted wanted) {
  return unpacked(wanted, ConvolutionBackward::apply(gradY, x, weight, geometry, wanted));
}

Tensor conv2d(
    const Tensor& input, const Tensor& weight, const OptionalTensor& bias, at::IntArrayRef stride,
    at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups) {
  bool recorded = at::GradMode::is_enabled() &&
      (input.requires_grad() || weight.requires_grad() || (bias && bias->requires_grad()));
  if (!recorded) return valuesOf(input, weight, bias, {stride, padding, dilation, groups});
  auto geometry = c10::make_intrusive<Geometry>(stride, padding, dilation, groups);
  // The engine's conv2d takes an image without a batch too; its backward does not.
  if (input.dim() == 3)
    return convolution(input.unsqueeze(0), weight, bias, geometry).squeeze(0);
  return convolution(input, inOrderOf(input, weight, geometry->shape()), bias, geometry);
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def(
      "conv2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0, "
      "int[2] dilation=1, int groups=1) -> Tensor");
}

// Composed of the engine's operators, so that it runs wherever they do.
TORCH_LIBRARY_IMPL(spikeguard, CompositeImplicitAutograd, m) {
  m.impl("conv2d", TORCH_FN(spikeguard::conv2d));
}
