// Forward, backward and double backward of a block of neurons over all time steps.
//
// A gradient of the input has one row a step; for constant input the rows are summed instead, in
// the block's only row.
#pragma once
#include "LIFKernels.h"
#include "LIFNeuron.h"

namespace spikeguard {

template <class T> LIF_INLINE void addRow(T* sum, const T* row, int64_t count) {
  LIF_NEURONS
  for (int64_t j = 0; j < count; ++j) sum[j] += row[j];
}

// Every loop says how many rows of scratch it needs, and about how much memory they should take.
template <class T> struct LIFForwardLoop {
  using Scalar = T;
  using Arrays = LIFForwardArrays<T>;
  static constexpr int64_t rows(int64_t) { return 1; }
  static constexpr int64_t scratchBytes = 16384;

  template <class Neuron> LIF_INLINE static int64_t run(
      const Neuron& neuron, const Arrays& a, T* scratch, const LIFBlock& block) {
    T* v = scratch;
    startMembrane(v, a.membrane, block);
    int64_t total = 0;
    for (int64_t t = 0; t < block.steps; ++t) {
      const T* x = a.input + block.atInput(t);
      T* spikes = a.spikes + block.at(t);
      int32_t fired = 0;  // 32 bits: as wide as the mask of a float comparison
      LIF_NEURONS
      for (int64_t j = 0; j < block.count; ++j) {
        T h = neuron.charge(v[j], x[j]), s = neuron.fire(h);
        spikes[j] = s;
        v[j] = neuron.reset(h, s);
        if constexpr (Neuron::emitsSpikes) fired += s != 0;
      }
      total += fired;
    }
    if (a.finalMembrane) std::copy_n(v, block.count, a.finalMembrane + block.offset);
    return total;
  }
};

// With w[t] = dL/dv[t] and e[t] = dL/dh[t]:
//   e[t] = w[t] dv/dh + (dL/ds[t] + w[t] dv/ds) g,
//   dL/dx[t] = inputScale e[t],   w[t-1] = leak e[t].
template <class T> struct LIFBackwardLoop {
  using Scalar = T;
  using Arrays = LIFBackwardArrays<T>;
  static constexpr int64_t rows(int64_t steps) { return steps + 2; }
  static constexpr int64_t scratchBytes = 8192;

  template <class Neuron> LIF_INLINE static int64_t run(
      const Neuron& neuron, const Arrays& a, T* scratch, const LIFBlock& block) {
    T* charge = scratch;
    T* w = charge + block.steps * block.count;
    T* row = w + block.count;
    recomputeCharge(neuron, a.input, a.membrane, charge, w, block);
    std::fill_n(w, block.count, T(0));
    if (block.constant()) std::fill_n(a.inputGradient + block.offset, block.count, T(0));
    for (int64_t t = block.steps - 1; t >= 0; --t) {
      const T* gradient = a.spikeGradient + block.at(t);
      const T* h = charge + t * block.count;
      T* result = block.constant() ? row : a.inputGradient + block.atInput(t);
      LIF_NEURONS
      for (int64_t j = 0; j < block.count; ++j) {
        T e = w[j] * neuron.resetByCharge(h[j]) +
              (gradient[j] + w[j] * neuron.resetBySpike(h[j])) * neuron.slope(h[j]);
        result[j] = neuron.inputScale * e;
        w[j] = neuron.temporalGradient * e;
      }
      if (block.constant()) addRow(a.inputGradient + block.offset, row, block.count);
    }
    return 0;
  }
};

// Reverse mode over the two sweeps of backward: its descent over w, then its recomputation of h.
template <class T> struct LIFDoubleBackwardLoop {
  using Scalar = T;
  using Arrays = LIFDoubleBackwardArrays<T>;
  static constexpr int64_t rows(int64_t steps) { return 2 * steps + 2; }
  static constexpr int64_t scratchBytes = 8192;

  template <class Neuron> LIF_INLINE static int64_t run(
      const Neuron& neuron, const Arrays& a, T* scratch, const LIFBlock& block) {
    T* charge = scratch;
    T* saved = charge + block.steps * block.count;
    T* carry = saved + block.steps * block.count;
    T* row = carry + block.count;
    recomputeCharge(neuron, a.input, a.membrane, charge, carry, block);

    std::fill_n(carry, block.count, T(0));  // w, as in backward
    for (int64_t t = block.steps - 1; t >= 0; --t) {
      const T* gradient = a.spikeGradient + block.at(t);
      const T* h = charge + t * block.count;
      T* w = saved + t * block.count;
      LIF_NEURONS
      for (int64_t j = 0; j < block.count; ++j) {
        w[j] = carry[j];
        T e = w[j] * neuron.resetByCharge(h[j]) +
              (gradient[j] + w[j] * neuron.resetBySpike(h[j])) * neuron.slope(h[j]);
        carry[j] = neuron.temporalGradient * e;
      }
    }

    std::fill_n(carry, block.count, T(0));  // cotangent of w[t-1]
    T hardResetGradient = neuron.resetGradient * neuron.hardReset;
    for (int64_t t = 0; t < block.steps; ++t) {
      const T* cotangent = a.cotangent + block.atInput(t);
      const T* gradient = a.spikeGradient + block.at(t);
      T* h = charge + t * block.count;
      T* w = saved + t * block.count;
      T* result = a.spikeGradientCotangent + block.at(t);
      LIF_NEURONS
      for (int64_t j = 0; j < block.count; ++j) {
        // e: the cotangent of e[t]; through: dv/dh, the spike's part included.
        T e = neuron.inputScale * cotangent[j] + neuron.temporalGradient * carry[j];
        T g = neuron.slope(h[j]), resetBySpike = neuron.resetBySpike(h[j]);
        T through = neuron.resetByCharge(h[j]) + resetBySpike * g;
        // A hard reset, h (1 - s), has a mixed second derivative: it counts once for dv/dh and once
        // for dv/ds.
        T direct = e * ((gradient[j] + w[j] * resetBySpike) * neuron.curvature(h[j]) -
                        2 * hardResetGradient * w[j] * g);
        result[j] = e * g;
        carry[j] = e * through;
        h[j] = through;  // the last sweep needs these two, and h and w no longer
        w[j] = direct;
      }
    }

    std::fill_n(carry, block.count, T(0));  // cotangent of v[t]
    if (block.constant()) std::fill_n(a.inputCotangent + block.offset, block.count, T(0));
    for (int64_t t = block.steps - 1; t >= 0; --t) {
      const T* through = charge + t * block.count;
      const T* direct = saved + t * block.count;
      T* result = block.constant() ? row : a.inputCotangent + block.atInput(t);
      LIF_NEURONS
      for (int64_t j = 0; j < block.count; ++j) {
        T e = carry[j] * through[j] + direct[j];
        result[j] = neuron.inputScale * e;
        carry[j] = neuron.temporalGradient * e;
      }
      if (block.constant()) addRow(a.inputCotangent + block.offset, row, block.count);
    }
    return 0;
  }
};

}  // namespace spikeguard
