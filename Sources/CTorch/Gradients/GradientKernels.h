// The numerical core of deflation and of checks on gradients, free of LibTorch, for one instruction
// set. A caller cuts its work into units that depend on sizes only, gives each unit memory of its
// own and adds their results in order: any number of threads gives the same bits.
#pragma once
#include <cstdint>

namespace spikeguard {

// A matrix in memory, row by row, `stride` apart.
struct FloatMatrix {
  const float* values;
  int64_t rows, columns, stride;
};

struct GradientSums {
  double squares;
  // The largest |x|; NaN if an element is.
  float largest;
};

struct GradientKernels {
  int64_t lanes;

  // Of the columns [begin, end): image = Gt vector, and product = their part of G image. Vector and
  // product have as many elements as rows. `scratch` holds rows x lanes floats.
  void (*timesColumns)(
      const FloatMatrix&, int64_t begin, int64_t end, const float* vector, float* image,
      float* scratch, double* product);
  // Of the rows [begin, end): image = G vector, and product = their part of Gt image. Vector and
  // product have as many elements as columns. `scratch` holds as many floats as columns.
  void (*timesRows)(
      const FloatMatrix&, int64_t begin, int64_t end, const float* vector, float* image,
      float* scratch, double* product);

  // The lower triangle of GGt over the columns [begin, end), or of GtG over the rows. Every product
  // of two floats is exact in double. `scratch` holds (side + 3) x kGramDepth doubles.
  void (*gramOfRows)(
      const FloatMatrix&, int64_t begin, int64_t end, double* scratch, double* gram);
  void (*gramOfColumns)(
      const FloatMatrix&, int64_t begin, int64_t end, double* scratch, double* gram);

  GradientSums (*sums)(const float* values, int64_t count);

  // Sum a b, and a -= factor b.
  double (*dot)(const double* a, const double* b, int64_t count);
  void (*subtract)(double* a, double factor, const double* b, int64_t count);
};

// Columns or rows that a Gram matrix's sums run over at once.
constexpr int64_t kGramDepth = 128;

const GradientKernels& gradientBaseline();
// Null where the processor lacks the instructions.
const GradientKernels* gradientAVX2();
const GradientKernels* gradientAVX512();

}  // namespace spikeguard
