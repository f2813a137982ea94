// One LIF neuron in one time step, and how blocks of neurons walk through time.
#pragma once
#include <algorithm>

#include "LIFOptions.h"
#include "LIFSurrogates.h"

namespace spikeguard {

// Options that would multiply the number of instantiations (kind of reset, detached reset,
// truncated time) are factors of 0 or 1: they cost next to nothing in loops that wait for memory.
template <class T, class Surrogate, bool spiking> struct LIFNeuron {
  static constexpr bool emitsSpikes = spiking;
  T leak, inputScale, threshold;
  T softReset;         // threshold, or 0
  T hardReset;         // 1 or 0
  T resetGradient;     // 0 when the reset is detached
  T temporalGradient;  // dh[t]/dv[t-1] as gradients see it: leak, or 0
  Surrogate surrogate;
  T scale;  // of the surrogate; a factor of 1 is exact

  explicit LIFNeuron(const LIFOptions& o)
    : leak(T(o.leak)),
      inputScale(T(o.inputScale)),
      threshold(T(o.threshold)),
      softReset(o.reset == kSoftReset ? T(o.threshold) : T(0)),
      hardReset(T(o.reset == kHardReset)),
      resetGradient(T(!o.detachReset)),
      temporalGradient(o.throughTime ? T(o.leak) : T(0)),
      surrogate{T(o.width)},
      scale(T(o.scale)) {}

  // The order of operations is that of the tensor expressions `v * leak + x * inputScale`,
  // `h - s * threshold` and `h * (1 - s)`: a difference in the last bit flips spikes. A factor of 1
  // and a subtraction of 0 are exact.
  LIF_INLINE T charge(T v, T x) const { return v * leak + x * inputScale; }
  LIF_INLINE T fire(T h) const {
    if constexpr (spiking) return h - threshold >= 0 ? T(1) : T(0);
    else return surrogate.primitive(h - threshold) * scale;
  }
  LIF_INLINE T reset(T h, T s) const { return hardReset != 0 ? h * (1 - s) : h - s * softReset; }

  LIF_INLINE T slope(T h) const { return surrogate.slope(h - threshold) * scale; }
  LIF_INLINE T curvature(T h) const { return surrogate.curvature(h - threshold) * scale; }
  // dv/dh at fixed s, and dv/ds as gradients see it.
  LIF_INLINE T resetByCharge(T h) const { return 1 - hardReset * fire(h); }
  LIF_INLINE T resetBySpike(T h) const { return -resetGradient * (softReset + hardReset * h); }
};

// `count` neurons from `offset` on, walked through all steps. Time is the outer loop, neurons the
// inner one: a row, one step of the block, is contiguous in every array, so the inner loops
// vectorise.
struct LIFBlock {
  int64_t steps, stride, inputStride, offset, count;
  LIF_INLINE bool constant() const { return inputStride == 0; }
  LIF_INLINE int64_t at(int64_t t) const { return t * stride + offset; }
  LIF_INLINE int64_t atInput(int64_t t) const { return t * inputStride + offset; }
};

// Before a loop over a row. Rows never overlap. Left to check that at run time, Clang 21 ends up in
// the scalar loop, 2 to 5 times slower (measured on backward and double backward).
#define LIF_NEURONS _Pragma("clang loop vectorize(assume_safety)")

template <class T> LIF_INLINE void startMembrane(T* v, const T* membrane, const LIFBlock& block) {
  if (membrane) std::copy_n(membrane + block.offset, block.count, v);
  else std::fill_n(v, block.count, T(0));
}

// Writes h of all steps, row after row, and uses v as working space.
template <class T, class Neuron> LIF_INLINE void recomputeCharge(
    const Neuron& neuron, const T* input, const T* membrane, T* charge, T* v,
    const LIFBlock& block) {
  startMembrane(v, membrane, block);
  for (int64_t t = 0; t < block.steps; ++t) {
    const T* x = input + block.atInput(t);
    T* h = charge + t * block.count;
    LIF_NEURONS
    for (int64_t j = 0; j < block.count; ++j) {
      h[j] = neuron.charge(v[j], x[j]);
      v[j] = neuron.reset(h[j], neuron.fire(h[j]));
    }
  }
}

}  // namespace spikeguard
