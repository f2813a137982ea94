// The loops behind NormalizationKernels.h. `fused`: whether a multiply-add may be one instruction.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "NormalizationKernels.h"

namespace spikeguard {

#define NORMALIZATION_INLINE [[gnu::always_inline]] inline
// Channels never overlap; see LIF_NEURONS.
#define CHANNELS _Pragma("clang loop vectorize(assume_safety)")

template <bool fused, class T> NORMALIZATION_INLINE T multiplyAdd(T a, T b, T c) {
  if constexpr (fused) return __builtin_elementwise_fma(a, b, c);
  else return a * b + c;
}

// Sums over rows are kept in registers: some vectors of channels at a time walk down all rows.
template <class T, int count> struct ChannelVectors {
  typedef T Vector __attribute__((vector_size(32), aligned(alignof(T)), may_alias));
  static constexpr int64_t lanes = 32 / sizeof(T), width = count * lanes;

  NORMALIZATION_INLINE static const Vector& at(const T* values, int64_t i) {
    return *reinterpret_cast<const Vector*>(values + i * lanes);
  }
  NORMALIZATION_INLINE static Vector& at(T* values, int64_t i) {
    return *reinterpret_cast<Vector*>(values + i * lanes);
  }
};

// Calls body.template operator()<count>(first channel) for tiles of 4 vectors, then of 1, then scalars
// with count 0.
template <class T, class Body>
NORMALIZATION_INLINE void overChannels(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + ChannelVectors<T, 4>::width <= channels; c += ChannelVectors<T, 4>::width)
    body.template tile<4>(c);
  for (; c + ChannelVectors<T, 1>::width <= channels; c += ChannelVectors<T, 1>::width)
    body.template tile<1>(c);
  for (; c < channels; ++c) body.single(c);
}

template <class T> struct MomentTiles {
  const T* x;
  ChannelRows size;
  T *sums, *squares;

  template <int count> NORMALIZATION_INLINE void tile(int64_t c) const {
    using V = ChannelVectors<T, count>;
    typename V::Vector sum[count] = {}, square[count] = {}, mean[count];
    const T* row = x + c;
    for (int64_t r = 0; r < size.rows; ++r, row += size.channels)
      for (int i = 0; i < count; ++i) sum[i] += V::at(row, i);
    for (int i = 0; i < count; ++i) mean[i] = sum[i] / T(size.rows);
    row = x + c;
    for (int64_t r = 0; r < size.rows; ++r, row += size.channels)
      for (int i = 0; i < count; ++i) {
        typename V::Vector difference = V::at(row, i) - mean[i];
        square[i] += difference * difference;
      }
    for (int i = 0; i < count; ++i) V::at(sums + c, i) = sum[i], V::at(squares + c, i) = square[i];
  }

  NORMALIZATION_INLINE void single(int64_t c) const {
    T sum = 0, square = 0;
    for (int64_t r = 0; r < size.rows; ++r) sum += x[r * size.channels + c];
    T mean = sum / T(size.rows);
    for (int64_t r = 0; r < size.rows; ++r) {
      T difference = x[r * size.channels + c] - mean;
      square += difference * difference;
    }
    sums[c] = sum, squares[c] = square;
  }
};

template <class T> struct GradientSumTiles {
  const T *gradient, *x, *mean;
  ChannelRows size;
  double *sums, *products;

  template <int count> NORMALIZATION_INLINE void tile(int64_t c) const {
    using V = ChannelVectors<T, count>;
    const T *g = gradient + c, *row = x + c;
    for (int64_t first = 0; first < size.rows; first += kRowsInASum) {
      typename V::Vector sum[count] = {}, product[count] = {};
      const int64_t behind = std::min(size.rows, first + kRowsInASum);
      for (int64_t r = first; r < behind; ++r, g += size.channels, row += size.channels)
        for (int i = 0; i < count; ++i) {
          sum[i] += V::at(g, i);
          product[i] += V::at(g, i) * (V::at(row, i) - V::at(mean + c, i));
        }
      for (int i = 0; i < count; ++i)
        for (int64_t lane = 0; lane < V::lanes; ++lane) {
          sums[c + i * V::lanes + lane] += sum[i][lane];
          products[c + i * V::lanes + lane] += product[i][lane];
        }
    }
  }

  NORMALIZATION_INLINE void single(int64_t c) const {
    for (int64_t r = 0; r < size.rows; ++r) {
      const int64_t i = r * size.channels + c;
      sums[c] += gradient[i];
      products[c] += gradient[i] * (x[i] - mean[c]);
    }
  }
};

template <bool fused> struct NormalizationLoops {
  template <class T> NORMALIZATION_INLINE static void terms(
      const T* weight, const T* bias, const T* mean, const T* variance, double epsilon,
      int64_t channels, const ChannelTerms<T>& terms) {
    for (int64_t c = 0; c < channels; ++c) {
      const T w = weight ? weight[c] : T(1);
      terms.scale[c] = 1 / std::sqrt(variance[c] + T(epsilon)) * w;
      terms.shift[c] = multiplyAdd<fused>(-mean[c], terms.scale[c], bias ? bias[c] : T(0));
      terms.inverseDeviation[c] = T(1 / std::sqrt(double(variance[c]) + epsilon));
      terms.weight[c] = w;
    }
  }

  template <class T> NORMALIZATION_INLINE static void normalize(
      const T* x, T* y, const ChannelRows& size, const T* scale, const T* shift) {
    for (int64_t r = 0; r < size.rows; ++r, x += size.channels, y += size.channels) {
      CHANNELS
      for (int64_t c = 0; c < size.channels; ++c) y[c] = multiplyAdd<fused>(x[c], scale[c], shift[c]);
    }
  }

  template <class T> NORMALIZATION_INLINE static void project(
      const T* gradient, const T* x, T* result, const ChannelRows& size,
      const ProjectionTerms<T>& p) {
    for (int64_t r = 0; r < size.rows; ++r) {
      CHANNELS
      for (int64_t c = 0; c < size.channels; ++c)
        result[c] = ((gradient[c] - p.meanGradient[c]) - p.share[c] * (x[c] - p.mean[c])) *
            p.inverseDeviation[c] * p.weight[c];
      gradient += size.channels, x += size.channels, result += size.channels;
    }
  }

  template <class T> NORMALIZATION_INLINE static void scale(
      const T* gradient, T* result, const ChannelRows& size, const T* k, const T* weight) {
    for (int64_t r = 0; r < size.rows; ++r, gradient += size.channels, result += size.channels) {
      CHANNELS
      for (int64_t c = 0; c < size.channels; ++c) result[c] = gradient[c] * k[c] * weight[c];
    }
  }
};

}  // namespace spikeguard
