#include "InstructionSets.h"

#include <ATen/Version.h>

#include <string>

namespace spikeguard {

#if defined(__x86_64__)
bool processorHasAVX2() {
  static const bool answer = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return answer;
}

bool processorHasAVX512() {
  static const bool answer =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  return answer;
}
#else
bool processorHasAVX2() { return false; }
bool processorHasAVX512() { return false; }
#endif

bool engineFusesMultiplyAdds() {
  static const bool answer =
      processorHasAVX2() && at::get_cpu_capability().find("AVX") == 0;  // not "DEFAULT", "NO AVX"
  return answer;
}

}  // namespace spikeguard
