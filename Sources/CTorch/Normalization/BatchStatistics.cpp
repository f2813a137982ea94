// spikeguard::batch_statistics: mean and biased variance of each channel, in one pass over the memory.
//
// Sums and squares of a few thousand values are formed while they are in the cache, and merged in
// float64 in an order that sizes alone decide: the same bits on any number of threads.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/var_mean.h>
#include <torch/library.h>

#include <vector>

#include "../LIFLayout.h"
#include "NormalizationKernels.h"

namespace spikeguard {
namespace {

template <class T> void momentsOf(const T* x, const ChannelRows& size, T* mean, T* variance) {
  const int64_t channels = size.channels;
  const int64_t rowsOfPart = std::clamp<int64_t>(16384 / channels, 16, kRowsInASum);
  const int64_t parts = (size.rows + rowsOfPart - 1) / rowsOfPart;
  auto rowsIn = [&](int64_t part) {
    return std::min(rowsOfPart, size.rows - part * rowsOfPart);
  };
  std::vector<T> sums(parts * channels), squares(parts * channels);
  parallelFor(0, parts, std::max<int64_t>(1, 65536 / (rowsOfPart * channels)), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part)
      momentsOfRows(
          x + part * rowsOfPart * channels, ChannelRows{rowsIn(part), channels},
          sums.data() + part * channels, squares.data() + part * channels);
  });
  // Σ (x − M)² = Σ over parts of (squares + rows (m − M)²).
  std::vector<double> total(channels), square(channels);
  for (int64_t part = 0; part < parts; ++part)
    for (int64_t c = 0; c < channels; ++c) total[c] += sums[part * channels + c];
  for (double& t : total) t /= double(size.rows);
  for (int64_t part = 0; part < parts; ++part) {
    const double rows = double(rowsIn(part));
    for (int64_t c = 0; c < channels; ++c) {
      double difference = sums[part * channels + c] / rows - total[c];
      square[c] += squares[part * channels + c] + rows * difference * difference;
    }
  }
  for (int64_t c = 0; c < channels; ++c) {
    mean[c] = T(total[c]);
    variance[c] = T(square[c] / double(size.rows));
  }
}

std::tuple<Tensor, Tensor> batchStatistics(const Tensor& x) {
  TORCH_CHECK_VALUE(
      x.dim() >= 2 && x.numel() > 0,
      "spikeguard::batch_statistics: expected values of shape [N, C, ...], got ", x.sizes());
  const bool fits = x.device().is_cpu() && x.dim() == 4 &&
      x.is_contiguous(at::MemoryFormat::ChannelsLast) &&
      (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
  if (!fits) {
    std::vector<int64_t> others{0};
    for (int64_t i = 2; i < x.dim(); ++i) others.push_back(i);
    auto [variance, mean] = at::var_mean(x, others, /*unbiased=*/false);
    return {mean, variance};
  }
  const int64_t channels = x.size(1);
  Tensor mean = at::empty({channels}, x.options().memory_format(at::MemoryFormat::Contiguous));
  Tensor variance = at::empty({channels}, mean.options());
  withScalar(x.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    momentsOf(
        read<T>(x), ChannelRows{x.numel() / channels, channels}, write<T>(mean),
        write<T>(variance));
  });
  return {mean, variance};
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def("batch_statistics(Tensor x) -> (Tensor mean, Tensor variance)");
}

// Of values, not to be differentiated: batch norm knows the derivative.
TORCH_LIBRARY_IMPL(spikeguard, CompositeExplicitAutograd, m) {
  m.impl("batch_statistics", TORCH_FN(spikeguard::batchStatistics));
}
