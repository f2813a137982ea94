// The engine itself: version, threads, random generators, and CUDA found at run time.
#include "Bridge.h"
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "Threads.h"
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/add.h>
#include <dlfcn.h>
#include <malloc.h>
#include <string>
#include <torch/headeronly/version.h>
#include <unistd.h>

using bridge::borrow;
using bridge::guarded;
using bridge::own;

namespace {

/// Why libtorch_cuda is not loaded; empty once it is. A function, because a global string would be
/// constructed after the constructor below has run, and lose what it says.
std::string &cuda_absence() {
  static std::string reason = "not looked for";
  return reason;
}

// LibTorch latches its CUDA hooks at the first query, so libtorch_cuda must be loaded before any other
// call of the engine; hence a constructor. It costs nothing where there is no driver or no libtorch_cuda.
__attribute__((constructor)) void load_cuda() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&at::set_num_threads), &info)) {
    cuda_absence() = "the engine's own library was not found";
    return;
  }
  std::string path = info.dli_fname;
  path = path.substr(0, path.rfind('/')) + "/libtorch_cuda.so";
  if (access(path.c_str(), R_OK) != 0) {
    cuda_absence() = "this LibTorch has no libtorch_cuda.so";
    return;
  }
  if (!dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL)) {
    cuda_absence() = "no NVIDIA driver (libcuda.so.1)";
    return;
  }
  if (!dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
    cuda_absence() = dlerror();
    return;
  }
  cuda_absence().clear();
}

at::Generator &generator(CTGenerator g) { return *reinterpret_cast<at::Generator *>(g); }

}  // namespace

extern "C" {

const char *ct_version(void) { return TORCH_VERSION; }

const char *ct_cpu_capability(void) {
  static const std::string name = at::get_cpu_capability();
  return name.c_str();
}

int32_t ct_threads(void) { return at::get_num_threads(); }
void ct_set_threads(int32_t n) { at::set_num_threads(n); }

int32_t ct_cuda_device_count(void) {
  if (!cuda_absence().empty()) return 0;
  try {
    return int32_t(at::detail::getCUDAHooks().deviceCount());
  } catch (...) {
    return 0;
  }
}

const char *ct_cuda_absence(void) { return cuda_absence().empty() ? nullptr : cuda_absence().c_str(); }

CTGenerator ct_generator(uint64_t seed, CTError *error) {
  return guarded(error, nullptr, [&]() -> CTGenerator {
    return reinterpret_cast<CTGenerator>(new at::Generator(at::detail::createCPUGenerator(seed)));
  });
}
void ct_generator_release(CTGenerator g) { delete &generator(g); }
CTTensor ct_generator_state(CTGenerator g, CTError *error) {
  return guarded(error, nullptr, [&]() -> CTTensor { return own(generator(g).get_state()); });
}
bool ct_generator_set_state(CTGenerator g, CTTensor state, CTError *error) {
  bool done = guarded(error, false, [&] {
    generator(g).set_state(borrow(state));
    return true;
  });
  if (!done) bridge::describe(&state, 1, error);
  return done;
}

void ct_each(int64_t count, void (*body)(void *, int64_t), void *context) {
  std::atomic<int64_t> next{0};
  int64_t threads = std::min<int64_t>(count, at::get_num_threads());
  spikeguard::parallelFor(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) body(context, i);
  });
}

// By default glibc maps a large block anew for each tensor and unmaps it after use, and the kernel
// clears every page again: about 10 ms for 33 MB.
bool ct_keep_memory(void) {
#ifdef __GLIBC__
  return mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, -1);
#else
  return false;
#endif
}

double ct_yardstick_add(CTTensor a, CTTensor b, int64_t rounds) {
  auto x = borrow(a), y = borrow(b);
  at::Tensor z;
  for (int64_t i = 0; i < rounds; ++i) z = at::add(x, y);
  return double(z.numel());
}

}  // extern "C"
