// spikeguard::magnitudes: how large the elements of many tensors are, in one pass over all of them.
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <torch/library.h>

#include <limits>

#include "GradientUnits.h"

namespace spikeguard {
namespace {

using at::Tensor;

bool isOnePiece(const Tensor& t) {
  return t.scalar_type() == at::kFloat && t.is_non_overlapping_and_dense();
}

// Of what has another type, or holes. The squares may overflow here.
void measureByNorms(const Tensor& t, double* out) {
  if (t.numel() == 0) return;
  const double norm =
      at::linalg_vector_norm(t, 2, std::nullopt, false, at::kDouble).item<double>();
  out[0] = norm * norm;
  out[1] = at::linalg_vector_norm(t, std::numeric_limits<double>::infinity()).item<double>();
}

// A part of a tensor, as long whatever the number of threads.
struct Piece {
  static constexpr int64_t longest = 65536;
  size_t tensor;
  const float* values;
  int64_t count;
};

// float64 [tensors, 2]: the sum of squares, and the largest magnitude or NaN. 0, 0 of no elements.
Tensor magnitudes(at::TensorList tensors, int64_t lanes) {
  const GradientKernels& kernels = gradientKernels(lanes);
  Tensor result = at::empty({int64_t(tensors.size()), 2}, at::TensorOptions(at::kDouble));
  double* out = static_cast<double*>(result.mutable_data_ptr());
  std::fill_n(out, result.numel(), 0.0);
  std::vector<Piece> pieces;
  for (size_t index = 0; index < tensors.size(); ++index) {
    const Tensor& t = tensors[index];
    if (!isOnePiece(t)) {
      measureByNorms(t, out + 2 * index);
      continue;
    }
    const float* values = static_cast<const float*>(t.const_data_ptr());
    for (int64_t begin = 0; begin < t.numel(); begin += Piece::longest)
      pieces.push_back({index, values + begin, std::min(Piece::longest, t.numel() - begin)});
  }
  std::vector<GradientSums> sums(pieces.size());
  at::parallel_for(0, int64_t(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sums[i] = kernels.sums(pieces[i].values, pieces[i].count);
  });
  for (size_t i = 0; i < pieces.size(); ++i) {
    double* numbers = out + 2 * pieces[i].tensor;
    numbers[0] += sums[i].squares;
    // NaN comes in, and stays: no comparison with it is true.
    const double largest = sums[i].largest;
    if (!(largest <= numbers[1]) && numbers[1] == numbers[1]) numbers[1] = largest;
  }
  return result;
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def("magnitudes(Tensor[] tensors, int lanes=0) -> Tensor");
}

TORCH_LIBRARY_IMPL(spikeguard, CPU, m) {
  m.impl("magnitudes", TORCH_FN(spikeguard::magnitudes));
}
