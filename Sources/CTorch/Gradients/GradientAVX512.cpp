// GradientKernels with AVX-512's vectors of 16 floats.

// Fused multiply-adds only round less here: nothing compares with a threshold.
#pragma clang fp contract(fast)

#include <algorithm>
#include <type_traits>

#include "GradientKernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), apply_to = function)
#include "GradientLoops.h"
#pragma clang attribute pop
#endif

namespace spikeguard {

const GradientKernels* gradientAVX512() {
#if defined(__x86_64__)
  static const bool isSupported =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  if (isSupported) return &GradientLoops<16>::kernels;
#endif
  return nullptr;
}

}  // namespace spikeguard
