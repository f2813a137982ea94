// GradientKernels with AVX2's vectors of 8 floats.

// Fused multiply-adds only round less here: nothing compares with a threshold.
#pragma clang fp contract(fast)

#include <algorithm>
#include <type_traits>

#include "../InstructionSets.h"
#include "GradientKernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "GradientLoops.h"
#pragma clang attribute pop
#endif

namespace spikeguard {

const GradientKernels* gradientAVX2() {
#if defined(__x86_64__)
  if (processorHasAVX2()) return &GradientLoops<8>::kernels;
#endif
  return nullptr;
}

}  // namespace spikeguard
