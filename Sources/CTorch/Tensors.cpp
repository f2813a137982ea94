// Handles to tensors: metadata, data and differentiation.
#include "Bridge.h"
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>

using bridge::borrow;
using bridge::guarded;
using bridge::impl;
using bridge::own;

extern "C" {

void ct_release(CTTensor t) { c10::raw::intrusive_ptr::decref(impl(t)); }
int32_t ct_dim(CTTensor t) { return int32_t(impl(t)->dim()); }
const int64_t *ct_sizes(CTTensor t) { return impl(t)->sizes().data(); }
const int64_t *ct_strides(CTTensor t) { return impl(t)->strides().data(); }
int64_t ct_numel(CTTensor t) { return impl(t)->numel(); }
int32_t ct_dtype(CTTensor t) { return int32_t(c10::typeMetaToScalarType(impl(t)->dtype())); }
int32_t ct_device(CTTensor t) {
  auto device = impl(t)->device();
  return int32_t(device.type()) << 8 | (device.index() + 1);
}
bool ct_requires_grad(CTTensor t) { return borrow(t).requires_grad(); }
bool ct_is_contiguous(CTTensor t, int32_t memory_format) {
  return impl(t)->is_contiguous(c10::MemoryFormat(memory_format));
}

const void *ct_data(CTTensor t) {
  auto tensor = borrow(t);
  bool readable = tensor.is_cpu() && tensor.layout() == c10::kStrided;
  return readable ? tensor.const_data_ptr() : nullptr;
}

CTTensor ct_from_bytes(const void *data, size_t byte_count, const int64_t *sizes, int32_t dim,
                       int32_t dtype, CTError *error) {
  return guarded(error, nullptr, [&]() -> CTTensor {
    auto tensor = at::empty(at::IntArrayRef(sizes, dim), at::TensorOptions(at::ScalarType(dtype)));
    TORCH_CHECK(tensor.nbytes() == byte_count, "shape ", tensor.sizes(), " of ",
                c10::toString(tensor.scalar_type()), " takes ", tensor.nbytes(), " bytes, got ", byte_count);
    if (byte_count > 0) memcpy(tensor.mutable_data_ptr(), data, byte_count);
    return own(std::move(tensor));
  });
}

bool ct_set_requires_grad(CTTensor t, bool on, CTError *error) {
  return guarded(error, false, [&] {
    borrow(t).set_requires_grad(on);
    return true;
  });
}

bool ct_grad_mode(void) { return at::GradMode::is_enabled(); }
bool ct_set_grad_mode(bool on) {
  bool old = at::GradMode::is_enabled();
  at::GradMode::set_enabled(on);
  return old;
}

bool ct_gradients(const CTTensor *outputs, int32_t output_count, const CTTensor *inputs,
                  int32_t input_count, const CTTensor *output_gradients, bool retain_graph,
                  bool create_graph, bool allow_unused, CTTensor *gradients, CTError *error) {
  bool done = guarded(error, false, [&] {
    auto found = torch::autograd::grad(
        bridge::borrow_all(outputs, output_count), bridge::borrow_all(inputs, input_count),
        bridge::borrow_all(output_gradients, output_count), retain_graph, create_graph, allow_unused);
    for (int32_t i = 0; i < input_count; ++i) gradients[i] = own(std::move(found[i]));
    return true;
  });
  if (!done) bridge::describe(outputs, output_count, error);
  return done;
}

}  // extern "C"
