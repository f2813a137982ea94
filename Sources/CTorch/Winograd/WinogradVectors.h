// Vectors of `lanes` floats, in memory and among each other. See WinogradLoops.h for who includes
// this.
#pragma once
#include "WinogradKernels.h"

#define WINOGRAD_INLINE [[gnu::always_inline]] inline
#define WINOGRAD_UNROLL _Pragma("clang loop unroll(full)")

namespace spikeguard {
namespace {

template <int lanes> struct WinogradVectors {
  typedef float V __attribute__((vector_size(lanes * 4)));
  typedef float InMemory __attribute__((vector_size(lanes * 4), aligned(4), may_alias));

  WINOGRAD_INLINE static V load(const float* p) { return *reinterpret_cast<const InMemory*>(p); }
  WINOGRAD_INLINE static void store(float* p, V v) { *reinterpret_cast<InMemory*>(p) = v; }
  // Of the last panel, which channels may not fill.
  WINOGRAD_INLINE static V load(const float* p, int64_t count) {
    if (count >= lanes) return load(p);
    V v = {};
    for (int64_t i = 0; i < count; ++i) v[i] = p[i];
    return v;
  }
  WINOGRAD_INLINE static void store(float* p, V v, int64_t count) {
    if (count >= lanes) return store(p, v);
    for (int64_t i = 0; i < count; ++i) p[i] = v[i];
  }

  // Columns become rows: each round interleaves the first half of the vectors with the second.
  WINOGRAD_INLINE static void transpose(V* v) {
    V w[lanes];
    WINOGRAD_UNROLL for (int round = 1; round < lanes; round *= 2) {
      WINOGRAD_UNROLL for (int i = 0; i < lanes / 2; ++i) {
        V x = v[i], y = v[i + lanes / 2];
        if constexpr (lanes == 16) {
          w[2 * i] = __builtin_shufflevector(
              x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
          w[2 * i + 1] = __builtin_shufflevector(
              x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        } else {
          w[2 * i] = __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
          w[2 * i + 1] = __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
        }
      }
      WINOGRAD_UNROLL for (int i = 0; i < lanes; ++i) v[i] = w[i];
    }
  }
};

}  // namespace
}  // namespace spikeguard
