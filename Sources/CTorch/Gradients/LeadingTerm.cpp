// What the solver for the leading singular triple needs of a float32 matrix, each in one pass over
// it: Lanczos steps, a vector's image and residual, the small Gram matrix.
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <cmath>

#include "GradientUnits.h"

namespace spikeguard {
namespace {

using at::Tensor;

template <class T> T* write(const Tensor& t) { return static_cast<T*>(t.mutable_data_ptr()); }

double* checkedDoubles(const Tensor& t, at::IntArrayRef sizes, const char* what) {
  TORCH_CHECK_VALUE(
      t.sizes() == sizes && t.scalar_type() == at::kDouble && t.is_contiguous() &&
          t.device().is_cpu(),
      what, ": expected contiguous float64 of shape ", sizes, " on the CPU, got ",
      t.scalar_type(), " ", t.sizes(), " with strides ", t.strides(), " on ", t.device());
  return write<double>(t);
}

// Steps `done` to done + count - 1 with full reorthogonalisation; `basis` holds a unit vector a row,
// done + 1 of them, and gets the next ones. Returns the alphas, then the betas.
Tensor lanczosSteps(
    const Tensor& matrix, const Tensor& basis, bool ofRows, int64_t done, int64_t count,
    int64_t lanes) {
  const char* name = "spikeguard::lanczos_steps";
  const GradientKernels& kernels = gradientKernels(lanes);
  GramProduct gram(kernels, floatMatrix(matrix, name), ofRows);
  const int64_t side = gram.side(), capacity = basis.dim() > 0 ? basis.size(0) : 0;
  double* rows = checkedDoubles(basis, {capacity, side}, name);
  TORCH_CHECK_VALUE(
      done >= 0 && count >= 1 && done + count <= capacity, name, ": expected steps within the ",
      capacity, " rows of the basis, got ", done, " and ", count, " more");
  Tensor numbers = at::empty({2, count}, at::TensorOptions(at::kDouble));
  double* alpha = write<double>(numbers);
  std::vector<float> vector(side), image(gram.longerSide());
  std::vector<double> next(side);
  for (int64_t step = done; step < done + count; ++step) {
    const double* latest = rows + step * side;
    std::copy_n(latest, side, vector.data());
    gram(vector.data(), image.data(), next.data());
    alpha[step - done] = kernels.dot(next.data(), latest, side);
    // Gram-Schmidt twice is enough to keep the basis orthogonal to rounding.
    for (int round = 0; round < 2; ++round)
      for (int64_t row = 0; row <= step; ++row) {
        const double* other = rows + row * side;
        kernels.subtract(next.data(), kernels.dot(next.data(), other, side), other, side);
      }
    const double length = std::sqrt(kernels.dot(next.data(), next.data(), side));
    alpha[count + step - done] = length;
    if (step + 1 < capacity)
      for (int64_t i = 0; i < side; ++i) rows[(step + 1) * side + i] = next[i] / length;
  }
  return numbers;
}

// w = Gt u (of columns: G u), |w|^2, and |K u - |w|^2 u|.
std::tuple<Tensor, double, double> gramImage(
    const Tensor& matrix, const Tensor& unit, bool ofRows, int64_t lanes) {
  const char* name = "spikeguard::gram_image";
  const GradientKernels& kernels = gradientKernels(lanes);
  GramProduct gram(kernels, floatMatrix(matrix, name), ofRows);
  const int64_t side = gram.side();
  TORCH_CHECK_VALUE(
      unit.dim() == 1 && unit.size(0) == side && unit.scalar_type() == at::kFloat &&
          unit.is_contiguous() && unit.device().is_cpu(),
      name, ": expected a contiguous float32 vector of ", side, " elements on the CPU, got ",
      unit.scalar_type(), " ", unit.sizes(), " on ", unit.device());
  const float* u = static_cast<const float*>(unit.const_data_ptr());
  Tensor image = at::empty({gram.longerSide()}, matrix.options());
  std::vector<double> product(side);
  gram(u, write<float>(image), product.data());
  const double square = kernels.sums(write<float>(image), gram.longerSide()).squares;
  for (int64_t i = 0; i < side; ++i) product[i] -= square * u[i];
  return {image, square, std::sqrt(kernels.dot(product.data(), product.data(), side))};
}

// K in float64, of which every product is exact.
Tensor gramMatrix(const Tensor& matrix, bool ofRows, int64_t lanes) {
  const GradientKernels& kernels = gradientKernels(lanes);
  const FloatMatrix g = floatMatrix(matrix, "spikeguard::gram_matrix");
  const int64_t side = ofRows ? g.rows : g.columns, size = side * side;
  const GradientUnits units(ofRows ? g.columns : g.rows, kGramDepth, 1 << 30);
  std::vector<double> parts(units.count() * size);
  units.share(g.rows * g.columns, [&](int64_t first, int64_t behind) {
    std::vector<double> scratch((side + 3) * kGramDepth);
    for (int64_t unit = first; unit < behind; ++unit)
      (ofRows ? kernels.gramOfRows : kernels.gramOfColumns)(
          g, units.begin(unit), units.end(unit), scratch.data(), parts.data() + unit * size);
  });
  Tensor gram = at::empty({side, side}, at::TensorOptions(at::kDouble));
  double* out = write<double>(gram);
  for (int64_t i = 0; i < side; ++i)
    for (int64_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (int64_t unit = 0; unit < units.count(); ++unit)
        sum += parts[unit * size + i * side + j];
      out[i * side + j] = out[j * side + i] = sum;
    }
  return gram;
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def(
      "lanczos_steps(Tensor matrix, Tensor(a!) basis, bool of_rows, int done, int count, "
      "int lanes=0) -> Tensor");
  m.def(
      "gram_image(Tensor matrix, Tensor unit, bool of_rows, int lanes=0) -> "
      "(Tensor image, float square, float miss)");
  m.def("gram_matrix(Tensor matrix, bool of_rows, int lanes=0) -> Tensor");
}

TORCH_LIBRARY_IMPL(spikeguard, CPU, m) {
  using namespace spikeguard;
  m.impl("lanczos_steps", TORCH_FN(lanczosSteps));
  m.impl("gram_image", TORCH_FN(gramImage));
  m.impl("gram_matrix", TORCH_FN(gramMatrix));
}
