// WinogradKernels with AVX512's vectors of 16 floats.

// A sum of products may fuse its multiplications and additions: it has no stated order of rounding.
#pragma clang fp contract(fast)

#include "../InstructionSets.h"
#include "WinogradKernels.h"

#if defined(__x86_64__)
#define AVX512 target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#pragma clang attribute push(__attribute__((AVX512)), apply_to = function)
#include "WinogradLoops.h"
#pragma clang attribute pop
#endif

namespace spikeguard {

const WinogradKernels* winogradAVX512([[maybe_unused]] int64_t outputs) {
#if defined(__x86_64__)
  if (processorHasAVX512() && outputs == 2) return &WinogradLoops<2, 16>::kernels;
  if (processorHasAVX512() && outputs == 4) return &WinogradLoops<4, 16>::kernels;
#endif
  return nullptr;
}

}  // namespace spikeguard
