// GradientKernels with AVX-512's vectors of 16 floats.

// Fused multiply-adds only round less here: nothing compares with a threshold.
#pragma clang fp contract(fast)

#include <algorithm>
#include <type_traits>

#include "../InstructionSets.h"
#include "GradientKernels.h"

#if defined(__x86_64__)
#define AVX512 target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#pragma clang attribute push(__attribute__((AVX512)), apply_to = function)
#include "GradientLoops.h"
#pragma clang attribute pop
#endif

namespace spikeguard {

const GradientKernels* gradientAVX512() {
#if defined(__x86_64__)
  if (processorHasAVX512()) return &GradientLoops<16>::kernels;
#endif
  return nullptr;
}

}  // namespace spikeguard
