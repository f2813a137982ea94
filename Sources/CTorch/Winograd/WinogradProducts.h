// Matrix products, tile by tile of registers. See WinogradLoops.h for who includes
// this.
#pragma once
#include "WinogradVectors.h"

namespace spikeguard {
namespace {

template <int lanes> struct WinogradProducts : WinogradVectors<lanes> {
  using typename WinogradVectors<lanes>::V;
  using WinogradVectors<lanes>::load, WinogradVectors<lanes>::store;

  // A register tile: as many sums as hide the latency of a fused multiply-add.
  static constexpr int rowsAtOnce = lanes == 16 ? 8 : 4, columnsAtOnce = 2;

  template <class Columns, class Row> WINOGRAD_INLINE static void accumulate(
      V (&sums)[rowsAtOnce][columnsAtOnce], Columns column, Row row) {
    V columns[columnsAtOnce];
    WINOGRAD_UNROLL for (int j = 0; j < columnsAtOnce; ++j) columns[j] = column(j);
    WINOGRAD_UNROLL for (int i = 0; i < rowsAtOnce; ++i) {
      float factor = row(i);
      WINOGRAD_UNROLL for (int j = 0; j < columnsAtOnce; ++j) sums[i][j] += factor * columns[j];
    }
  }
  WINOGRAD_INLINE static void storeSums(
      const V (&sums)[rowsAtOnce][columnsAtOnce], float* product) {
    WINOGRAD_UNROLL for (int i = 0; i < rowsAtOnce; ++i)
      WINOGRAD_UNROLL for (int j = 0; j < columnsAtOnce; ++j)
        store(product + i * kBlock + j * lanes, sums[i][j]);
  }

  static void timesWeight(
      const float* tiles, int64_t panelStride, int64_t panels, const float* block,
      float* product) {
    for (int r = 0; r < kProductRows; r += rowsAtOnce) {
      for (int c = 0; c < kBlock; c += columnsAtOnce * lanes) {
        V sums[rowsAtOnce][columnsAtOnce] = {};
        for (int64_t panel = 0; panel < panels; ++panel) {
          const float* factors = tiles + panel * panelStride + r * kPanel;
          const float* columns = block + panel * kPanel * kBlock + c;
          for (int64_t k = 0; k < kPanel; ++k)
            accumulate(
                sums, [&](int j) { return load(columns + k * kBlock + j * lanes); },
                [&](int i) { return factors[i * kPanel + k]; });
        }
        storeSums(sums, product + r * kBlock + c);
      }
    }
  }

  static void timesGradient(
      const float* channels, const float* first, const float* second, int64_t tiles,
      float* product) {
    for (int r = 0; r < kProductRows; r += rowsAtOnce) {
      for (int c = 0; c < kBlock; c += columnsAtOnce * lanes) {
        V sums[rowsAtOnce][columnsAtOnce] = {};
        const float* columns[columnsAtOnce];
        for (int j = 0; j < columnsAtOnce; ++j) {
          int64_t channel = c + j * lanes;
          columns[j] = (channel < kPanel ? first : second) + channel % kPanel;
        }
        for (int64_t tile = 0; tile < tiles; ++tile)
          accumulate(
              sums, [&](int j) { return load(columns[j] + tile * kPanel); },
              [&](int i) { return channels[tile * kPanel + r + i]; });
        storeSums(sums, product + r * kBlock + c);
      }
    }
  }
};

}  // namespace
}  // namespace spikeguard
