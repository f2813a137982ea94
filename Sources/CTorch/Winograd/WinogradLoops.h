// The loops of WinogradKernels for vectors of `lanes` floats. Included by one file per instruction
// set, behind a pragma that makes every function here use it; nothing but those files includes
// this, WinogradProducts.h, WinogradTransforms.h and WinogradVectors.h.
#pragma once
#include "WinogradProducts.h"
#include "WinogradTransforms.h"

namespace spikeguard {
namespace {

template <int outputs, int lanes> struct WinogradLoops : WinogradProducts<lanes> {
  using typename WinogradVectors<lanes>::V;
  using WinogradVectors<lanes>::load, WinogradVectors<lanes>::store;
  using WinogradVectors<lanes>::transpose;
  using WinogradProducts<lanes>::timesWeight, WinogradProducts<lanes>::timesGradient;
  using Transform = WinogradTransform<outputs>;
  static constexpr int side = outputs + 2, points = side * side;

  // A transform from `from` to `to` values along columns, then along rows.
  template <int from, int to, class Transformed>
  WINOGRAD_INLINE static void square(const V* x, V* y, Transformed transform) {
    V half[to][from], column[from], result[to];
    WINOGRAD_UNROLL for (int j = 0; j < from; ++j) {
      WINOGRAD_UNROLL for (int i = 0; i < from; ++i) column[i] = x[i * from + j];
      transform(column, result);
      WINOGRAD_UNROLL for (int i = 0; i < to; ++i) half[i][j] = result[i];
    }
    WINOGRAD_UNROLL for (int i = 0; i < to; ++i) transform(half[i], y + i * to);
  }

  // Where a tile lies: its image, and its first output pixel.
  struct Place {
    int64_t image, y, x;
    WINOGRAD_INLINE Place(const WinogradImages& size, int64_t tile) {
      int64_t across = (size.width + outputs - 1) / outputs;
      int64_t down = (size.height + outputs - 1) / outputs;
      image = tile / (across * down);
      y = tile / across % down * outputs;
      x = tile % across * outputs;
    }
  };

  // Reads the pixels of a tile, `extent` a side, from `shift` before its first output on.
  template <int extent, int shift> WINOGRAD_INLINE static void loadPixels(
      const WinogradImages& size, const Place& place, const float* image, int64_t channels,
      int64_t count, V* pixels) {
    int64_t top = place.y - shift, left = place.x - shift;
    for (int i = 0; i < extent; ++i) {
      for (int j = 0; j < extent; ++j) {
        int64_t y = top + i, x = left + j;
        bool isInside = y >= 0 && y < size.height && x >= 0 && x < size.width;
        pixels[i * extent + j] =
            isInside ? load(image + (y * size.width + x) * channels, count) : V{};
      }
    }
  }

  template <int extent, int shift, class Transformed> WINOGRAD_INLINE static void fillPanels(
      const WinogradImages& size, const float* x, int64_t channels, const WinogradTiles& tiles,
      float* panels, Transformed transform) {
    int64_t count = (channels + kPanel - 1) / kPanel, step = count * tiles.room * kPanel;
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
      const Place place(size, tile);
      const float* image = x + place.image * size.height * size.width * channels;
      for (int64_t c = 0; c < count * kPanel; c += lanes) {
        V pixels[extent * extent], transformed[points];
        loadPixels<extent, shift>(size, place, image + c, channels, channels - c, pixels);
        square<extent, side>(pixels, transformed, transform);
        int64_t row = c / kPanel * tiles.room + (tile - tiles.origin);
        float* out = panels + row * kPanel + c % kPanel;
        WINOGRAD_UNROLL for (int e = 0; e < points; ++e) store(out + e * step, transformed[e]);
      }
    }
  }

  static void input(
      const WinogradImages& size, const float* x, int64_t channels, const WinogradTiles& tiles,
      float* panels) {
    fillPanels<side, 1>(size, x, channels, tiles, panels, [](const V* d, V* t) {
      Transform::input(d, t);
    });
  }

  static void gradient(
      const WinogradImages& size, const float* gy, int64_t channels, const WinogradTiles& tiles,
      float* panels) {
    fillPanels<outputs, 0>(size, gy, channels, tiles, panels, [](const V* y, V* m) {
      Transform::outputAdjoint(y, m);
    });
  }

  // The nine taps of as many lanes as a vector has.
  WINOGRAD_INLINE static void loadTaps(const float* values, int64_t stride, V* taps) {
    V rows[lanes];
    WINOGRAD_UNROLL for (int l = 0; l < lanes; ++l) rows[l] = load(values + l * stride);
    transpose(rows);
    WINOGRAD_UNROLL for (int e = 0; e < 9 && e < lanes; ++e) taps[e] = rows[e];
    if constexpr (lanes < 9) {
      V last = {};
      WINOGRAD_UNROLL for (int l = 0; l < lanes; ++l) last[l] = values[l * stride + 8];
      taps[8] = last;
    }
  }

  static void weight(const WinogradWeight& w, float* block) {
    const int64_t rows = (w.rows + kPanel - 1) / kPanel * kPanel;
    // Lanes that are far apart evict each other from the cache, so 16 rows are copied at a time.
    const bool isFar = w.rowStride == 9;
    const int64_t group = isFar ? 16 : 1, stride = group * 9;
    alignas(64) float copied[kBlock * 16 * 9 + kPanel] = {};  // the last lane's vector reads on
    for (int64_t row = 0; row < w.rows; ++row) {
      float* out = block + row * kBlock;
      if (row % group == 0) {
        const float* values = w.values + row * w.rowStride;
        int64_t floats = (w.rows - row < group ? w.rows - row : group) * 9;
        for (int64_t l = 0; l < w.lanes; ++l)
          __builtin_memcpy(copied + l * stride, values + l * w.laneStride, floats * 4);
      }
      for (int64_t l = 0; l < kBlock; l += lanes) {
        V taps[9], u[points];
        loadTaps(copied + l * stride + row % group * 9, stride, taps);
        square<3, side>(taps, u, [](const V* x, V* y) { Transform::weight(x, y); });
        WINOGRAD_UNROLL for (int e = 0; e < points; ++e)
          store(out + e * rows * kBlock + l, u[e]);
      }
    }
    for (int64_t row = w.rows; row < rows; ++row)
      for (int64_t e = 0; e < points; ++e)
        for (int64_t l = 0; l < kBlock; l += lanes)
          store(block + (e * rows + row) * kBlock + l, V{});
  }

  WINOGRAD_INLINE static void loadPoints(const float* products, int64_t rows, V* values) {
    WINOGRAD_UNROLL for (int e = 0; e < points; ++e)
      values[e] = load(products + e * rows * kBlock);
  }

  static void output(
      const WinogradImages& size, const float* products, const WinogradTiles& tiles,
      const float* bias, int64_t firstChannel, int64_t channels, float* y) {
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
      const Place place(size, tile);
      for (int64_t l = 0; l < kBlock && firstChannel + l < channels; l += lanes) {
        int64_t channel = firstChannel + l, count = channels - channel;
        V sums[points], pixels[outputs * outputs];
        loadPoints(products + (tile - tiles.begin) * kBlock + l, kTilesAtOnce, sums);
        square<side, outputs>(sums, pixels, [](const V* m, V* v) { Transform::output(m, v); });
        V shift = bias ? load(bias + channel, count) : V{};
        float* image = y + place.image * size.height * size.width * channels + channel;
        for (int64_t i = 0; i < outputs && place.y + i < size.height; ++i)
          for (int64_t j = 0; j < outputs && place.x + j < size.width; ++j) {
            int64_t pixel = (place.y + i) * size.width + place.x + j;
            store(image + pixel * channels, pixels[i * outputs + j] + shift, count);
          }
      }
    }
  }

  static void inputGradient(
      const WinogradImages& size, const float* products, const WinogradTiles& tiles,
      int64_t firstChannel, int64_t channels, float* gx) {
    for (int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
      const Place place(size, tile);
      for (int64_t l = 0; l < kBlock && firstChannel + l < channels; l += lanes) {
        int64_t channel = firstChannel + l, count = channels - channel;
        V sums[points], pixels[points];
        loadPoints(products + (tile - tiles.begin) * kBlock + l, kTilesAtOnce, sums);
        square<side, side>(sums, pixels, [](const V* t, V* d) { Transform::inputAdjoint(t, d); });
        float* image = gx + place.image * size.height * size.width * channels + channel;
        for (int64_t i = 0; i < side; ++i)
          for (int64_t j = 0; j < side; ++j) {
            int64_t y = place.y + i - 1, x = place.x + j - 1;
            if (y < 0 || x < 0 || y >= size.height || x >= size.width) continue;
            float* out = image + (y * size.width + x) * channels;
            // The two first rows and columns were written by the tiles above and to the left.
            bool isShared = (i < 2 && place.y > 0) || (j < 2 && place.x > 0);
            V value = pixels[i * side + j];
            store(out, isShared ? load(out, count) + value : value, count);
          }
      }
    }
  }

  static void weightGradient(const float* products, bool adds, float* sum) {
    for (int64_t row = 0; row < kBlock; ++row) {
      for (int64_t l = 0; l < kBlock; l += lanes) {
        V w[points], g[9];
        loadPoints(products + row * kBlock + l, kBlock, w);
        square<side, 3>(w, g, [](const V* x, V* y) { Transform::weightAdjoint(x, y); });
        float* out = sum + row * 9 * kBlock + l;
        WINOGRAD_UNROLL for (int e = 0; e < 9; ++e)
          store(out + e * kBlock, adds ? load(out + e * kBlock) + g[e] : g[e]);
      }
    }
  }

  static constexpr WinogradKernels kernels{
      outputs,     points, input,         gradient,      weight, timesWeight, timesGradient,
      output, inputGradient, weightGradient};
};

}  // namespace
}  // namespace spikeguard
