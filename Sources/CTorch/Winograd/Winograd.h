// Convolutions of 3 x 3 kernels, stride 1, padding 1, and their gradients, by WinogradKernels.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>

#include "WinogradKernels.h"

namespace spikeguard {

// x [N, H, W, C] in memory (channels last), weight [outputs, inputs, 3, 3], both float.
at::Tensor winogradForward(
    const WinogradKernels&, const at::Tensor& x, const at::Tensor& weight,
    const at::Tensor& bias);

// The wanted ones of the gradients towards x and weight, others undefined.
std::array<at::Tensor, 2> winogradBackward(
    const WinogradKernels&, const at::Tensor& gradY, const at::Tensor& x, const at::Tensor& weight,
    std::array<bool, 2> wanted);

}  // namespace spikeguard
