// The loops of GradientKernels for vectors of `lanes` floats. Included by one file per instruction
// set, behind a pragma that makes every function here use it; nothing but those files includes it.
#pragma once
#include <algorithm>
#include <type_traits>

#include "GradientKernels.h"

#define GRADIENT_INLINE [[gnu::always_inline]] inline
#define GRADIENT_UNROLL _Pragma("clang loop unroll(full)")

namespace spikeguard {
namespace {

template <class T, int count> struct Lanes {
  typedef T Type __attribute__((vector_size(count * sizeof(T))));
  typedef T InMemory __attribute__((vector_size(count * sizeof(T)), aligned(4), may_alias));
};

template <int lanes> struct GradientLoops {
  using V = typename Lanes<float, lanes>::Type;
  using D = typename Lanes<double, lanes / 2>::Type;

  GRADIENT_INLINE static V load(const float* p) {
    return *reinterpret_cast<const typename Lanes<float, lanes>::InMemory*>(p);
  }
  GRADIENT_INLINE static void store(float* p, V v) {
    *reinterpret_cast<typename Lanes<float, lanes>::InMemory*>(p) = v;
  }
  GRADIENT_INLINE static D load(const double* p) {
    return *reinterpret_cast<const typename Lanes<double, lanes / 2>::InMemory*>(p);
  }
  GRADIENT_INLINE static void store(double* p, D v) {
    *reinterpret_cast<typename Lanes<double, lanes / 2>::InMemory*>(p) = v;
  }
  // Half as many floats as there are lanes.
  GRADIENT_INLINE static D widened(const float* p) {
    return __builtin_convertvector(
        (*reinterpret_cast<const typename Lanes<float, lanes / 2>::InMemory*>(p)), D);
  }
  template <class Vector> GRADIENT_INLINE static double total(const Vector& v) {
    double sum = 0;
    for (int i = 0; i < int(sizeof(v) / sizeof(v[0])); ++i) sum += v[i];
    return sum;
  }

  // Longer sums down a column in single precision lose more than the solver's tolerances allow; sums along a
  // row are spread over lanes, and joined in double precision every few hundred columns.
  static constexpr int64_t rowsInASum = 128;

  // Both products with `count` vectors of columns, which the second finds in the cache.
  template <int count> GRADIENT_INLINE static void timesPanel(
      const FloatMatrix& g, const float* panel, const float* vector, float* image, float* sums) {
    V whole[count] = {};
    for (int64_t first = 0; first < g.rows; first += rowsInASum) {
      V part[count] = {};
      const int64_t last = std::min(first + rowsInASum, g.rows);
      for (int64_t r = first; r < last; ++r) {
        const float* row = panel + r * g.stride;
        const float factor = vector[r];
        GRADIENT_UNROLL for (int j = 0; j < count; ++j) part[j] += factor * load(row + j * lanes);
      }
      GRADIENT_UNROLL for (int j = 0; j < count; ++j) whole[j] += part[j];
    }
    GRADIENT_UNROLL for (int j = 0; j < count; ++j) store(image + j * lanes, whole[j]);
    int64_t r = 0;
    for (; r + 4 <= g.rows; r += 4) {
      const float* row = panel + r * g.stride;
      V part[4];
      GRADIENT_UNROLL for (int i = 0; i < 4; ++i) part[i] = load(sums + (r + i) * lanes);
      GRADIENT_UNROLL for (int j = 0; j < count; ++j)
        GRADIENT_UNROLL for (int i = 0; i < 4; ++i)
          part[i] += whole[j] * load(row + i * g.stride + j * lanes);
      GRADIENT_UNROLL for (int i = 0; i < 4; ++i) store(sums + (r + i) * lanes, part[i]);
    }
    for (; r < g.rows; ++r) {
      V part = load(sums + r * lanes);
      GRADIENT_UNROLL for (int j = 0; j < count; ++j)
        part += whole[j] * load(panel + r * g.stride + j * lanes);
      store(sums + r * lanes, part);
    }
  }

  static void timesColumns(
      const FloatMatrix& g, int64_t begin, int64_t end, const float* vector, float* image,
      float* scratch, double* product) {
    std::fill_n(scratch, g.rows * lanes, 0.0f);
    int64_t c = begin;
    auto panels = [&](auto count) {
      for (; c + count() * lanes <= end; c += count() * lanes)
        timesPanel<count()>(g, g.values + c, vector, image + c, scratch);
    };
    panels(std::integral_constant<int, 8>());
    panels(std::integral_constant<int, 2>());
    panels(std::integral_constant<int, 1>());
    for (int64_t r = 0; r < g.rows; ++r) product[r] = total(load(scratch + r * lanes));
    for (; c < end; ++c) {
      double sum = 0;
      for (int64_t r = 0; r < g.rows; ++r) sum += double(vector[r]) * g.values[r * g.stride + c];
      image[c] = float(sum);
      for (int64_t r = 0; r < g.rows; ++r)
        product[r] += double(image[c]) * g.values[r * g.stride + c];
    }
  }

  static void timesRows(
      const FloatMatrix& g, int64_t begin, int64_t end, const float* vector, float* image,
      float* scratch, double* product) {
    std::fill_n(scratch, g.columns, 0.0f);
    const int64_t whole = g.columns / lanes * lanes;
    constexpr int rowsAtOnce = 4;
    for (int64_t first = begin; first < end; first += rowsAtOnce) {
      const int count = int(std::min<int64_t>(rowsAtOnce, end - first));
      const float* rows[rowsAtOnce];
      float factors[rowsAtOnce];
      // Behind the last row stands the last one again, times zero.
      GRADIENT_UNROLL for (int i = 0; i < rowsAtOnce; ++i)
        rows[i] = g.values + (first + std::min(i, count - 1)) * g.stride;
      V parts[rowsAtOnce] = {};
      double sums[rowsAtOnce] = {};
      int64_t c = 0;
      for (int64_t sumEnd = 0; c < whole;) {
        sumEnd = std::min(whole, c + rowsInASum * lanes);
        for (; c < sumEnd; c += lanes)
          GRADIENT_UNROLL for (int i = 0; i < rowsAtOnce; ++i)
            parts[i] += load(vector + c) * load(rows[i] + c);
        GRADIENT_UNROLL for (int i = 0; i < rowsAtOnce; ++i) {
          sums[i] += total(parts[i]);
          parts[i] = V{};
        }
      }
      for (; c < g.columns; ++c)
        for (int i = 0; i < rowsAtOnce; ++i) sums[i] += double(vector[c]) * rows[i][c];
      for (int i = 0; i < rowsAtOnce; ++i) {
        factors[i] = i < count ? float(sums[i]) : 0;
        if (i < count) image[first + i] = factors[i];
      }
      for (c = 0; c < whole; c += lanes) {
        V sum = load(scratch + c);
        GRADIENT_UNROLL for (int i = 0; i < rowsAtOnce; ++i) sum += factors[i] * load(rows[i] + c);
        store(scratch + c, sum);
      }
      for (; c < g.columns; ++c)
        for (int i = 0; i < rowsAtOnce; ++i) scratch[c] += factors[i] * rows[i][c];
    }
    for (int64_t c = 0; c < g.columns; ++c) product[c] = scratch[c];
  }

  // Adds the products of `side` rows of kGramDepth doubles; behind them stand three rows of zeros.
  GRADIENT_INLINE static void addGram(const double* rows, int64_t side, double* gram) {
    for (int64_t i = 0; i < side; i += 4)
      for (int64_t j = 0; j <= i; j += 4) {
        D sums[4][4] = {};
        for (int64_t k = 0; k < kGramDepth; k += lanes / 2) {
          D left[4];
          GRADIENT_UNROLL for (int a = 0; a < 4; ++a)
            left[a] = load(rows + (i + a) * kGramDepth + k);
          GRADIENT_UNROLL for (int b = 0; b < 4; ++b) {
            D right = load(rows + (j + b) * kGramDepth + k);
            GRADIENT_UNROLL for (int a = 0; a < 4; ++a) sums[a][b] += left[a] * right;
          }
        }
        for (int a = 0; a < 4 && i + a < side; ++a)
          for (int b = 0; b < 4 && j + b < side; ++b)
            gram[(i + a) * side + j + b] += total(sums[a][b]);
      }
  }

  static void gramOfRows(
      const FloatMatrix& g, int64_t begin, int64_t end, double* scratch, double* gram) {
    const int64_t side = g.rows;
    std::fill_n(scratch, (side + 3) * kGramDepth, 0.0);
    std::fill_n(gram, side * side, 0.0);
    for (int64_t c = begin; c < end; c += kGramDepth) {
      const int64_t depth = std::min(kGramDepth, end - c);
      for (int64_t i = 0; i < side; ++i) {
        const float* row = g.values + i * g.stride + c;
        double* out = scratch + i * kGramDepth;
        for (int64_t k = 0; k < depth; ++k) out[k] = row[k];
        for (int64_t k = depth; k < kGramDepth; ++k) out[k] = 0;
      }
      addGram(scratch, side, gram);
    }
  }

  static void gramOfColumns(
      const FloatMatrix& g, int64_t begin, int64_t end, double* scratch, double* gram) {
    const int64_t side = g.columns;
    std::fill_n(gram, side * side, 0.0);
    for (int64_t r = begin; r < end; r += kGramDepth) {
      std::fill_n(scratch, (side + 3) * kGramDepth, 0.0);
      const int64_t depth = std::min(kGramDepth, end - r);
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = 0; i < side; ++i)
          scratch[i * kGramDepth + k] = g.values[(r + k) * g.stride + i];
      addGram(scratch, side, gram);
    }
  }

  // |x| of floats orders as their bits do, with infinity and then NaN above all numbers.
  static GradientSums sums(const float* values, int64_t count) {
    using Bits = typename Lanes<int32_t, lanes>::Type;
    constexpr int32_t magnitude = 0x7fffffff;
    D squares[4] = {};
    Bits most = {};
    int64_t i = 0;
    for (; i + 2 * lanes <= count; i += 2 * lanes) {
      GRADIENT_UNROLL for (int j = 0; j < 4; ++j) {
        D x = widened(values + i + j * (lanes / 2));
        squares[j] += x * x;
      }
      GRADIENT_UNROLL for (int j = 0; j < 2; ++j) {
        Bits bits = reinterpret_cast<Bits>(load(values + i + j * lanes)) & magnitude;
        most = bits > most ? bits : most;
      }
    }
    double sum = total(squares[0] + squares[1] + (squares[2] + squares[3]));
    int32_t largest = 0;
    for (int j = 0; j < lanes; ++j) largest = std::max<int32_t>(largest, most[j]);
    for (; i < count; ++i) {
      sum += double(values[i]) * values[i];
      int32_t bits;
      __builtin_memcpy(&bits, values + i, 4);
      largest = std::max(largest, bits & magnitude);
    }
    float result;
    __builtin_memcpy(&result, &largest, 4);
    return {sum, result};
  }

  static double dot(const double* a, const double* b, int64_t count) {
    D sums[4] = {};
    constexpr int step = lanes / 2;
    int64_t i = 0;
    for (; i + 4 * step <= count; i += 4 * step)
      GRADIENT_UNROLL for (int j = 0; j < 4; ++j)
        sums[j] += load(a + i + j * step) * load(b + i + j * step);
    double sum = total(sums[0] + sums[1] + (sums[2] + sums[3]));
    for (; i < count; ++i) sum += a[i] * b[i];
    return sum;
  }

  static void subtract(double* a, double factor, const double* b, int64_t count) {
    int64_t i = 0;
    for (; i + lanes / 2 <= count; i += lanes / 2) store(a + i, load(a + i) - factor * load(b + i));
    for (; i < count; ++i) a[i] -= factor * b[i];
  }

  static constexpr GradientKernels kernels{
      lanes, timesColumns, timesRows, gramOfRows, gramOfColumns, sums, dot, subtract};
};

}  // namespace
}  // namespace spikeguard
