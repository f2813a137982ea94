// WinogradKernels with AVX2's vectors of 8 floats.

// A sum of products may fuse its multiplications and additions: it has no stated order of rounding.
#pragma clang fp contract(fast)

#include "../InstructionSets.h"
#include "WinogradKernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "WinogradLoops.h"
#pragma clang attribute pop
#endif

namespace spikeguard {

const WinogradKernels* winogradAVX2([[maybe_unused]] int64_t outputs) {
#if defined(__x86_64__)
  if (processorHasAVX2() && outputs == 2) return &WinogradLoops<2, 8>::kernels;
  if (processorHasAVX2() && outputs == 4) return &WinogradLoops<4, 8>::kernels;
#endif
  return nullptr;
}

}  // namespace spikeguard
