// What the LIF operators on the CPU share: arguments are checked, tensors agree on an order in memory,
// neurons are shared out to threads.
#pragma once
#include <ATen/ops/empty_strided.h>

#include "LIFKernels.h"
#include "LIFOperators.h"
#include "Threads.h"

namespace spikeguard {

inline void checkOptions(const LIFOptions& o) {
  TORCH_CHECK_VALUE(o.steps >= 1, "spikeguard::lif: expected steps >= 1, got ", o.steps);
  TORCH_CHECK_VALUE(o.width > 0, "spikeguard::lif: expected width > 0, got ", o.width);
  TORCH_CHECK_VALUE(
      o.reset >= kSoftReset && o.reset <= kNoReset,
      "spikeguard::lif: expected reset 0 (soft), 1 (hard) or 2 (none), got ", o.reset);
  TORCH_CHECK_VALUE(
      o.surrogate >= kTriangle && o.surrogate <= kExponential,
      "spikeguard::lif: expected surrogate 0 (triangle), 1 (rectangle), 2 (sigmoid), 3 (arctan) or "
      "4 (exponential), got ",
      o.surrogate);
}

// Sizes and strides that a call's tensors share. Neuron i of a step is at the same place in all of
// them, whatever the order of the inner dimensions, as long as dimension 0 (time and batch) is
// outermost in memory.
class LIFLayout {
 public:
  LIFLayout(const LIFOptions& options, const Tensor& x) : steps_(options.steps) {
    checkOptions(options);
    TORCH_CHECK_TYPE(
        x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble,
        "spikeguard::lif: expected x of type Float or Double, got ", x.scalar_type());
    TORCH_CHECK_VALUE(
        x.dim() >= 1,
        "spikeguard::lif: expected x of shape [T*B, ...], got a tensor without dimensions");
    TORCH_CHECK_VALUE(
        options.constant || x.size(0) % options.steps == 0,
        "spikeguard::lif: expected x of shape [T*B, ...] with T = ", options.steps, ", got ",
        x.sizes(), ": ", x.size(0), " is no multiple of ", options.steps);
    dtype_ = x.scalar_type();
    input_ = hasBatchOutermost(x) ? x : x.contiguous(x.suggest_memory_format());
    int64_t inputSteps = options.constant ? 1 : options.steps;
    neurons_ = x.numel() / inputSteps;
    strides_ = input_.strides().vec();
    inputSizes_ = stepSizes_ = spikeSizes_ = x.sizes().vec();
    stepSizes_[0] = x.size(0) / inputSteps;
    spikeSizes_[0] = stepSizes_[0] * options.steps;
    // The stride of a dimension of size 1 is arbitrary; here it may grow.
    if (stepSizes_[0] != 0) strides_[0] = neurons_ / stepSizes_[0];
  }

  const Tensor& input() const { return input_; }
  int64_t neurons() const { return neurons_; }
  c10::ScalarType dtype() const { return dtype_; }

  Tensor emptyInput() const { return at::empty_strided(inputSizes_, strides_, input_.options()); }
  Tensor emptyStep() const { return at::empty_strided(stepSizes_, strides_, input_.options()); }
  Tensor emptySpikes() const { return at::empty_strided(spikeSizes_, strides_, input_.options()); }

  Tensor asInput(const Tensor& t, const char* name) const { return conform(t, inputSizes_, name); }
  Tensor asStep(const Tensor& t, const char* name) const { return conform(t, stepSizes_, name); }
  Tensor asSpikes(const Tensor& t, const char* name) const { return conform(t, spikeSizes_, name); }

  // Calls body(range) until all neurons are done.
  template <class Body> void parallel(const Body& body) const {
    constexpr int64_t valuesWorthAThread = 32768;
    parallelFor(
        0, neurons_, std::max<int64_t>(1, valuesWorthAThread / steps_),
        [&](int64_t begin, int64_t end) {
          body(LIFRange{neurons_, neurons_, begin, end});
        });
  }

 private:
  static bool hasBatchOutermost(const Tensor& x) {
    bool outermost = x.size(0) <= 1 || x.stride(0) == x.numel() / x.size(0);
    return x.is_non_overlapping_and_dense() && outermost;
  }

  Tensor conform(const Tensor& t, const std::vector<int64_t>& sizes, const char* name) const {
    at::IntArrayRef shape(sizes);
    TORCH_CHECK_VALUE(
        t.sizes() == shape, "spikeguard::lif: expected ", name, " of shape ", shape, ", got ",
        t.sizes());
    TORCH_CHECK_TYPE(
        t.scalar_type() == dtype_, "spikeguard::lif: expected ", name, " of x's type ", dtype_,
        ", got ", t.scalar_type());
    TORCH_CHECK_VALUE(
        t.device() == input_.device(), "spikeguard::lif: expected ", name, " on ", input_.device(),
        ", got ", t.device());
    if (sameStrides(t)) return t;
    Tensor result = at::empty_strided(shape, strides_, input_.options());
    result.copy_(t);
    return result;
  }

  bool sameStrides(const Tensor& t) const {
    for (int64_t d = 0; d < t.dim(); ++d)
      if (t.size(d) > 1 && t.stride(d) != strides_[d]) return false;
    return true;
  }

  int64_t steps_;
  Tensor input_;
  c10::ScalarType dtype_;
  int64_t neurons_;
  std::vector<int64_t> strides_, inputSizes_, stepSizes_, spikeSizes_;
};

// static_cast: GCC, which built LibTorch, and Clang mangle const_data_ptr<T>() differently.
template <class T> const T* read(const Tensor& t) {
  return static_cast<const T*>(t.const_data_ptr());
}
template <class T> T* write(const Tensor& t) { return static_cast<T*>(t.mutable_data_ptr()); }

// Calls body(value of the tensors' type).
template <class Body> void withScalar(c10::ScalarType dtype, const Body& body) {
  if (dtype == at::kFloat) body(float());
  else body(double());
}

inline Tensor membraneOf(const LIFLayout& layout, const OptionalTensor& membrane) {
  return membrane && membrane->defined() ? layout.asStep(*membrane, "membrane") : Tensor();
}
template <class T> const T* readIfDefined(const Tensor& t) {
  return t.defined() ? read<T>(t) : nullptr;
}

}  // namespace spikeguard
