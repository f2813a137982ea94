#include "ConvolutionChoice.h"

namespace spikeguard {
namespace {

bool areAll(at::IntArrayRef values, int64_t expected) {
  for (int64_t value : values)
    if (value != expected) return false;
  return true;
}

bool isFloatOnCPU(const at::Tensor& t) {
  return t.scalar_type() == at::kFloat && t.device().is_cpu() && t.layout() == at::kStrided;
}

// Below, the transforms cost what the products save.
constexpr int64_t kFewestChannels = 64;

// Products for one input and one output channel: (r + 2)^2 a tile of r x r outputs.
int64_t products(int64_t outputs, int64_t height, int64_t width) {
  auto tiles = [&](int64_t size) { return (size + outputs - 1) / outputs; };
  return tiles(height) * tiles(width) * (outputs + 2) * (outputs + 2);
}

}  // namespace

bool isWinogradBias(const std::optional<at::Tensor>& bias, const at::Tensor& weight) {
  if (!bias || !bias->defined()) return true;
  return isFloatOnCPU(*bias) && bias->dim() == 1 && bias->size(0) == weight.size(0);
}

const WinogradKernels* winogradFor(
    const at::Tensor& x, const at::Tensor& weight, const ConvolutionShape& shape) {
  if (!isFloatOnCPU(x) || !isFloatOnCPU(weight) || x.dim() != 4 || weight.dim() != 4)
    return nullptr;
  if (x.suggest_memory_format() != at::MemoryFormat::ChannelsLast || x.numel() == 0)
    return nullptr;
  if (weight.size(2) != 3 || weight.size(3) != 3 || shape.groups != 1) return nullptr;
  if (!areAll(shape.stride, 1) || !areAll(shape.padding, 1) || !areAll(shape.dilation, 1))
    return nullptr;
  if (x.size(1) != weight.size(1)) return nullptr;  // the engine says what is wrong
  if (weight.size(0) < kFewestChannels || weight.size(1) < kFewestChannels) return nullptr;
  int64_t height = x.size(2), width = x.size(3);
  // A direct sum leaves out the taps that meet the padding; on one pixel it is a single product.
  if (height * width == 1) return nullptr;
  int64_t outputs = products(2, height, width) < products(4, height, width) ? 2 : 4;
  if (const WinogradKernels* kernels = winogradAVX512(outputs)) return kernels;
  return winogradAVX2(outputs);
}

}  // namespace spikeguard
