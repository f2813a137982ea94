// Winograd's kernels under names of their own, for whoever wants to choose: tests and benchmarks.
#include <torch/library.h>

#include "ConvolutionChoice.h"
#include "Winograd.h"

namespace spikeguard {
namespace {

using at::Tensor;

const WinogradKernels& kernelsOf(int64_t outputs, int64_t lanes) {
  TORCH_CHECK(
      outputs == 2 || outputs == 4, "expected tiles of 2 or 4 outputs a side, got ", outputs);
  TORCH_CHECK(lanes == 8 || lanes == 16, "expected vectors of 8 or 16 lanes, got ", lanes);
  const WinogradKernels* kernels =
      lanes == 16 ? winogradAVX512(outputs) : winogradAVX2(outputs);
  TORCH_CHECK(kernels, "this processor has no vectors of ", lanes, " lanes");
  return *kernels;
}

void check(const Tensor& x, const Tensor& weight) {
  TORCH_CHECK(
      x.numel() > 0 && weight.numel() > 0 && x.dim() == 4 && weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3 &&
          weight.size(1) == x.size(1) && x.scalar_type() == at::kFloat &&
          weight.scalar_type() == at::kFloat,
      "expected float images [N, C, H, W] and a weight [K, C, 3, 3], got ", x.scalar_type(), " ",
      x.sizes(), " and ", weight.scalar_type(), " ", weight.sizes());
}

Tensor forward(
    const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias, int64_t outputs,
    int64_t lanes) {
  check(x, weight);
  TORCH_CHECK(
      isWinogradBias(bias, weight), "expected ", weight.size(0), " floats of bias, got ",
      bias->scalar_type(), " ", bias->sizes());
  return winogradForward(kernelsOf(outputs, lanes), x, weight, bias.value_or(Tensor()));
}

std::tuple<Tensor, Tensor> backward(
    const Tensor& gradY, const Tensor& x, const Tensor& weight, int64_t outputs, int64_t lanes,
    std::array<bool, 2> wanted) {
  check(x, weight);
  TORCH_CHECK(
      gradY.sizes() == at::IntArrayRef({x.size(0), weight.size(0), x.size(2), x.size(3)}) &&
          gradY.scalar_type() == at::kFloat,
      "expected the gradient of the output, got ", gradY.scalar_type(), " ", gradY.sizes());
  auto gradients = winogradBackward(kernelsOf(outputs, lanes), gradY, x, weight, wanted);
  return {gradients[0], gradients[1]};
}

int64_t lanes() { return winogradAVX512(4) ? 16 : winogradAVX2(4) ? 8 : 0; }

int64_t chosenOutputs(
    const Tensor& x, const Tensor& weight, at::IntArrayRef stride, at::IntArrayRef padding,
    at::IntArrayRef dilation, int64_t groups) {
  const WinogradKernels* kernels = winogradFor(x, weight, {stride, padding, dilation, groups});
  return kernels ? kernels->outputs : 0;
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  // Tiles of outputs x outputs pixels, vectors of `lanes` floats. Stride 1, padding 1. Not
  // differentiable.
  m.def("winograd(Tensor x, Tensor weight, Tensor? bias, int outputs, int lanes) -> Tensor");
  m.def(
      "winograd_backward(Tensor grad, Tensor x, Tensor weight, int outputs, int lanes, "
      "bool[2] wanted) -> (Tensor, Tensor)");
  // The lanes that this processor's fastest kernels have; 0 when it can run none.
  m.def("winograd_lanes() -> int", TORCH_FN(spikeguard::lanes));
  // The tile that conv2d uses for these arguments; 0 for the engine's direct sum.
  m.def(
      "winograd_outputs(Tensor x, Tensor weight, int[2] stride=1, int[2] padding=0, "
      "int[2] dilation=1, int groups=1) -> int");
}

TORCH_LIBRARY_IMPL(spikeguard, CPU, m) {
  m.impl("winograd", TORCH_FN(spikeguard::forward));
  m.impl("winograd_backward", TORCH_FN(spikeguard::backward));
  m.impl("winograd_outputs", TORCH_FN(spikeguard::chosenOutputs));
}
