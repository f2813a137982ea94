#include "GradientUnits.h"

namespace spikeguard {

const GradientKernels& gradientKernels(int64_t lanes) {
  TORCH_CHECK_VALUE(
      lanes == 0 || lanes == 4 || lanes == 8 || lanes == 16,
      "gradient kernels: expected 4, 8 or 16 lanes, or 0 for the most, got ", lanes);
  const GradientKernels* widest = gradientAVX512();
  if (!widest) widest = gradientAVX2();
  if (!widest) widest = &gradientBaseline();
  if (lanes == 0 || lanes == widest->lanes) return *widest;
  const GradientKernels* asked =
      lanes == 16 ? gradientAVX512() : lanes == 8 ? gradientAVX2() : &gradientBaseline();
  TORCH_CHECK_VALUE(
      asked, "gradient kernels: this processor has no instructions for ", lanes,
      " lanes, but for ", widest->lanes);
  return *asked;
}

FloatMatrix floatMatrix(const at::Tensor& matrix, const char* operation) {
  TORCH_CHECK_VALUE(
      matrix.dim() == 2 && matrix.scalar_type() == at::kFloat && matrix.device().is_cpu() &&
          matrix.is_contiguous() && matrix.numel() > 0,
      operation, ": expected a contiguous float32 matrix on the CPU, got ", matrix.scalar_type(),
      " ", matrix.sizes(), " with strides ", matrix.strides(), " on ", matrix.device());
  const float* values = static_cast<const float*>(matrix.const_data_ptr());
  return {values, matrix.size(0), matrix.size(1), matrix.size(1)};
}

// Steps are what the kernels take at once; a longer unit would add up too many numbers in single
// precision.
GramProduct::GramProduct(const GradientKernels& kernels, const FloatMatrix& matrix, bool ofRows)
  : kernels(kernels), matrix(matrix), ofRows(ofRows),
    units(longerSide(), ofRows ? 128 : 32, ofRows ? 2048 : 512), parts(units.count() * side()) {}

void GramProduct::operator()(const float* vector, float* image, double* product) {
  units.share(matrix.rows * matrix.columns, [&](int64_t first, int64_t behind) {
    std::vector<float> scratch(side() * (ofRows ? kernels.lanes : 1));
    for (int64_t unit = first; unit < behind; ++unit)
      (ofRows ? kernels.timesColumns : kernels.timesRows)(
          matrix, units.begin(unit), units.end(unit), vector, image, scratch.data(),
          parts.data() + unit * side());
  });
  std::copy_n(parts.data(), side(), product);
  for (int64_t unit = 1; unit < units.count(); ++unit)
    kernels.subtract(product, -1, parts.data() + unit * side(), side());
}

}  // namespace spikeguard
