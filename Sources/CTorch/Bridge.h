// What every file of the bridge shares: handle conversion and the guard around C++ exceptions.
#pragma once
#if !__has_include(<ATen/core/Tensor.h>)
#error "LibTorch not found in .deps/libtorch: run scripts/bootstrap first (or `make setup`)"
#endif
#include "CTorch.h"
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <cstring>
#include <vector>

namespace bridge {

inline c10::TensorImpl *impl(CTTensor t) { return reinterpret_cast<c10::TensorImpl *>(t); }

/// A second reference to the tensor behind a handle, dropped at the end of the scope.
inline at::Tensor borrow(CTTensor t) {
  return at::Tensor(
      c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(impl(t)));
}

/// Hands the reference over to the caller; an undefined tensor becomes NULL.
inline CTTensor own(at::Tensor t) {
  return t.defined() ? reinterpret_cast<CTTensor>(t.unsafeReleaseTensorImpl()) : nullptr;
}

inline std::vector<at::Tensor> borrow_all(const CTTensor *p, int32_t n) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(n);
  for (int32_t i = 0; i < n; ++i) tensors.push_back(p && p[i] ? borrow(p[i]) : at::Tensor());
  return tensors;
}

inline void fail(CTError *error, CTErrorKind kind, const char *message) {
  error->kind = kind;
  error->message = strdup(message);
}

/// Adds shapes and types of the tensors in a failed call to its error.
void describe(const CTTensor *tensors, int32_t count, CTError *error) noexcept;

/// Runs `body`; an exception becomes an error value and `bad` is returned.
template <class Body>
auto guarded(CTError *error, decltype(std::declval<Body>()()) bad, Body &&body) noexcept
    -> decltype(body()) {
  try {
    return body();
  } catch (const c10::OutOfMemoryError &e) {
    fail(error, CTErrorOutOfMemory, e.what_without_backtrace());
  } catch (const c10::NotImplementedError &e) {
    fail(error, CTErrorNotImplemented, e.what_without_backtrace());
  } catch (const c10::IndexError &e) {
    fail(error, CTErrorIndex, e.what_without_backtrace());
  } catch (const c10::Error &e) {
    // The CPU's allocator has no exception type of its own.
    bool full = strstr(e.what_without_backtrace(), "DefaultCPUAllocator: ") != nullptr;
    fail(error, full ? CTErrorOutOfMemory : CTErrorGeneral, e.what_without_backtrace());
  } catch (const std::bad_alloc &) {
    fail(error, CTErrorOutOfMemory, "not enough memory");
  } catch (const std::exception &e) {
    fail(error, CTErrorGeneral, e.what());
  } catch (...) {
    fail(error, CTErrorGeneral, "unknown C++ exception");
  }
  return bad;
}

}  // namespace bridge
