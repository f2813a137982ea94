// The loops of WinogradKernels for vectors of `lanes` floats. Included by one file per instruction
// set, behind a pragma that makes every function here use it; nothing but those files includes it.
#pragma once
#include "WinogradKernels.h"
#include "WinogradTransforms.h"

#define WINOGRAD_UNROLL _Pragma("clang loop unroll(full)")

namespace spikeguard {
namespace {

template <int lanes> struct Vector {
  typedef float Type __attribute__((vector_size(lanes * 4)));
  typedef float InMemory __attribute__((vector_size(lanes * 4), aligned(4), may_alias));
};

template <int outputs, int lanes> struct WinogradLoops {
  using V = typename Vector<lanes>::Type;
  using InMemory = typename Vector<lanes>::InMemory;
  using Transform = WinogradTransform<outputs>;
  static constexpr int side = outputs + 2, points = side * side;
  static constexpr int vectors = kPanel / lanes;  // in a panel

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
        for (int64_t l = 0; l < kBlock; l += lanes) store(block + (e * rows + row) * kBlock + l, V{});
  }

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
