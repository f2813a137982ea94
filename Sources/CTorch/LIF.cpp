// spikeguard::lif and its derivatives on the CPU.
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <torch/library.h>

#include <atomic>

#include "LIFLayout.h"

namespace spikeguard {
namespace {

std::tuple<Tensor, Tensor, Tensor> forward(
    const LIFOptions& options, const Tensor& x, const OptionalTensor& membrane) {
  LIFLayout layout(options, x);
  Tensor initial = membraneOf(layout, membrane), spikes = layout.emptySpikes();
  Tensor final = options.keepMembrane ? layout.emptyStep() : at::empty({0}, x.options());
  std::atomic<int64_t> count{0};  // of integers: independent of the order in which threads add
  withScalar(layout.dtype(), [&](auto zero) {
    using T = decltype(zero);
    LIFForwardArrays<T> arrays{
        read<T>(layout.input()), readIfDefined<T>(initial), write<T>(spikes),
        options.keepMembrane ? write<T>(final) : nullptr};
    layout.parallel([&](const LIFRange& range) { count += lifForward(options, arrays, range); });
  });
  return {spikes, final, at::scalar_tensor(count.load(), at::TensorOptions(at::kLong))};
}

Tensor backward(
    const LIFOptions& options, const Tensor& grad, const Tensor& x,
    const OptionalTensor& membrane) {
  LIFLayout layout(options, x);
  Tensor initial = membraneOf(layout, membrane), gradient = layout.asSpikes(grad, "grad"),
         result = layout.emptyInput();
  withScalar(layout.dtype(), [&](auto zero) {
    using T = decltype(zero);
    LIFBackwardArrays<T> arrays{
        read<T>(gradient), read<T>(layout.input()), readIfDefined<T>(initial), write<T>(result)};
    layout.parallel([&](const LIFRange& range) { lifBackward(options, arrays, range); });
  });
  return result;
}

std::tuple<Tensor, Tensor> doubleBackward(
    const LIFOptions& options, const Tensor& u, const Tensor& grad, const Tensor& x,
    const OptionalTensor& membrane) {
  LIFLayout layout(options, x);
  Tensor initial = membraneOf(layout, membrane), gradient = layout.asSpikes(grad, "grad"),
         cotangent = layout.asInput(u, "u");
  Tensor gradGrad = layout.emptySpikes(), gradX = layout.emptyInput();
  withScalar(layout.dtype(), [&](auto zero) {
    using T = decltype(zero);
    LIFDoubleBackwardArrays<T> arrays{read<T>(cotangent),      read<T>(gradient),
                                      read<T>(layout.input()), readIfDefined<T>(initial),
                                      write<T>(gradGrad),      write<T>(gradX)};
    layout.parallel([&](const LIFRange& range) { lifDoubleBackward(options, arrays, range); });
  });
  return {gradGrad, gradX};
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY(spikeguard, m) {
  m.def(
      "lif(Tensor x, Tensor? membrane, " LIF_OPTIONS_SCHEMA
      ") -> (Tensor spikes, Tensor membrane, Tensor count)");
  m.def("lif_backward(Tensor grad, Tensor x, Tensor? membrane, " LIF_OPTIONS_SCHEMA ") -> Tensor");
  m.def(
      "lif_double_backward(Tensor u, Tensor grad, Tensor x, Tensor? membrane, " LIF_OPTIONS_SCHEMA
      ") -> (Tensor grad_grad, Tensor grad_x)");
}

TORCH_LIBRARY_IMPL(spikeguard, CPU, m) {
  using namespace spikeguard;
  m.impl("lif", LIFOperator<LIFForwardFunction>::entry<forward>);
  m.impl("lif_backward", LIFOperator<LIFBackwardFunction>::entry<backward>);
  m.impl("lif_double_backward", LIFOperator<LIFDoubleBackwardFunction>::entry<doubleBackward>);
}
