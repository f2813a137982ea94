// How a matrix is cut into units of work, by its sizes alone, and how threads share them.
#pragma once
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

#include "../Threads.h"
#include "GradientKernels.h"

namespace spikeguard {

// The kernels with vectors of `lanes` floats, for tests of all that a processor has; 0 for the best.
const GradientKernels& gradientKernels(int64_t lanes);

// A contiguous float32 matrix on the CPU; anything else is an error that names the operator.
FloatMatrix floatMatrix(const at::Tensor& matrix, const char* operation);

struct GradientUnits {
  int64_t length, size;

  // About 32 units of whole steps: enough for as many threads, and each long enough to pay.
  GradientUnits(int64_t length, int64_t step, int64_t longest)
    : length(length),
      size(std::clamp((length / 32 + step - 1) / step * step, step, longest)) {}

  int64_t count() const { return (length + size - 1) / size; }

  // Calls body(first unit, behind the last) on one or more threads; `values` is the work's extent.
  template <class Body> void share(int64_t values, Body body) const {
    // In the time that a sleeping thread takes to wake, an awake one reads about this much.
    constexpr int64_t worthAThread = 1048576;
    if (values < 2 * worthAThread) return body(0, count());
    parallelFor(0, count(), 1, body);
  }

  int64_t begin(int64_t unit) const { return unit * size; }
  int64_t end(int64_t unit) const { return std::min(length, (unit + 1) * size); }
};

// K = GGt (of rows) or GtG (of columns), to be multiplied without being formed.
class GramProduct {
 public:
  GramProduct(const GradientKernels&, const FloatMatrix&, bool ofRows);

  int64_t side() const { return ofRows ? matrix.rows : matrix.columns; }
  int64_t longerSide() const { return ofRows ? matrix.columns : matrix.rows; }

  // product = K vector in one pass over G; image = Gt vector (G vector of columns).
  void operator()(const float* vector, float* image, double* product);

 private:
  const GradientKernels& kernels;
  FloatMatrix matrix;
  bool ofRows;
  GradientUnits units;
  std::vector<double> parts;
};

}  // namespace spikeguard
