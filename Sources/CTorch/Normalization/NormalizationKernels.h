// The numerical core of batch norm over channels-last rows, free of LibTorch. A row is a position of an
// image: one value a channel, neighbours in memory. Compiled for AVX2 and for the baseline; the processor
// chooses.
#pragma once
#include <cstdint>

namespace spikeguard {

// `rows` rows of `channels` values each, without gaps.
struct ChannelRows {
  int64_t rows, channels;
  int64_t values() const { return rows * channels; }
};

// For each channel, what normalises: k = 1 / √(σ² + ε), scale = w k, shift = b − μ scale. For gradients the
// engine rounds k otherwise, and multiplies by k and w one after the other.
template <class T> struct ChannelTerms {
  T *scale, *shift;
  T *inverseDeviation, *weight;  // of gradients
};
// Null weights are 1, null biases 0.
template <class T> void channelTerms(
    const T* weight, const T* bias, const T* mean, const T* variance, double epsilon,
    int64_t channels, const ChannelTerms<T>& terms);

// y = scale x + shift. Rounded as the engine's batch norm rounds, to the bit: once where there are fused
// multiply-adds.
template <class T>
void normalizeRows(const T* x, T* y, const ChannelRows&, const T* scale, const T* shift);

// Longer sums in single precision lose digits that gradients need, where much of them cancels.
constexpr int64_t kRowsInASum = 128;

// Over at most kRowsInASum rows: Σ x, and Σ (x − m)² with the rows' own mean m.
template <class T> void momentsOfRows(const T* x, const ChannelRows&, T* sums, T* squares);

// Adds over the rows, in double precision after every kRowsInASum of them: Σ g to `sums` and Σ g (x − μ) to
// `products`.
template <class T> void addGradientSums(
    const T* gradient, const T* x, const T* mean, const ChannelRows&, double* sums,
    double* products);

// What the gradient of the input is made of where the statistics are the batch's: they pass on the
// gradient's mean ḡ and its share along x, p = k² mean(g (x − μ)).
template <class T> struct ProjectionTerms {
  const T *mean, *inverseDeviation, *weight, *meanGradient, *share;
};
// result = w k (g − ḡ − p (x − μ)). `gradient` may be `result`.
template <class T> void projectRows(
    const T* gradient, const T* x, T* result, const ChannelRows&, const ProjectionTerms<T>&);

// result = (g k) w.
template <class T>
void scaleRows(const T* gradient, T* result, const ChannelRows&, const T* k, const T* weight);

}  // namespace spikeguard
