// Averages of spikes over windows of 2 x 2 positions, for pairs of channels-last rows in the cache.
#pragma once
#include <cstdint>

namespace spikeguard {

struct SpikeAverages {
  int64_t width, channels;  // of the images that are averaged

  int64_t pairOfRows() const { return 2 * width * channels; }

  // `spikes`: pairs of rows, one after the other; `averages`: a quarter of that.
  template <class T> void average(const T* spikes, T* averages, int64_t pairs) const {
    for (int64_t pair = 0; pair < pairs; ++pair, spikes += pairOfRows())
      for (int64_t x = 0; x < width / 2; ++x, averages += channels) {
        const T *a = spikes + 2 * x * channels, *b = a + width * channels;
        for (int64_t c = 0; c < channels; ++c)
          averages[c] = (((a[c] + a[c + channels]) + b[c]) + b[c + channels]) / 4;
      }
  }

  // The transpose.
  template <class T> void spread(const T* averages, T* spikes, int64_t pairs) const {
    for (int64_t pair = 0; pair < pairs; ++pair, spikes += pairOfRows())
      for (int64_t x = 0; x < width / 2; ++x, averages += channels) {
        T *a = spikes + 2 * x * channels, *b = a + width * channels;
        for (int64_t c = 0; c < channels; ++c) {
          const T share = averages[c] / 4;
          a[c] = a[c + channels] = b[c] = b[c + channels] = share;
        }
      }
  }
};

}  // namespace spikeguard
