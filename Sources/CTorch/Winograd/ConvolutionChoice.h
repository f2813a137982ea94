// Which algorithm computes a convolution: the engine's direct one, or Winograd's.
#pragma once
#include <ATen/core/Tensor.h>

#include "WinogradKernels.h"

namespace spikeguard {

struct ConvolutionShape {
  at::IntArrayRef stride, padding, dilation;
  int64_t groups;
};

// Whether the kernels can read it: a float for each output on the CPU, or nothing.
bool isWinogradBias(const std::optional<at::Tensor>& bias, const at::Tensor& weight);

// Winograd's kernels, or null for the engine. Depends on types, layout and sizes, but not on the
// number of images or threads: an image's result is the same in every batch.
const WinogradKernels* winogradFor(
    const at::Tensor& x, const at::Tensor& weight, const ConvolutionShape& shape);

}  // namespace spikeguard
