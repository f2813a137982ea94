#include "Threads.h"

#include <dlfcn.h>
#include <torch/library.h>

#include <set>
#include <thread>

namespace spikeguard {
namespace {

// The interface of GCC's OpenMP runtime, which LLVM's and Intel's have too. Declared and looked up
// here because the engine brings the runtime along without a name to link against.
struct OpenMP {
  void (*parallel)(void (*task)(void*), void* context, unsigned threads, unsigned flags);
  int (*thread)();
  int (*threads)();

  OpenMP() {
    // What the engine has loaded already, wherever its symbols went.
    void* library = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (!library) library = RTLD_DEFAULT;
    find(library, "GOMP_parallel", parallel);
    find(library, "omp_get_thread_num", thread);
    find(library, "omp_get_num_threads", threads);
  }
  bool isThere() const { return parallel && thread && threads; }

 private:
  template <class Function> static void find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
  }
};

const OpenMP& openMP() {
  static const OpenMP runtime;
  return runtime;
}

// How many threads a loop of as many parts as there are threads ran on.
int64_t threadsOfALoop() {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallelFor(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    std::lock_guard<std::mutex> lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  return int64_t(seen.size());
}

}  // namespace

void runOnThreads(
    int64_t threads, void (*task)(void* context, int64_t thread, int64_t threads), void* context) {
  if (!openMP().isThere()) return task(context, 0, 1);
  struct Call {
    void (*task)(void*, int64_t, int64_t);
    void* context;
  } call{task, context};
  openMP().parallel(
      [](void* opaque) {
        const Call& call = *static_cast<Call*>(opaque);
        call.task(call.context, openMP().thread(), openMP().threads());
      },
      &call, unsigned(threads), 0);
}

}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def("threads_of_a_loop() -> int", &spikeguard::threadsOfALoop);
}
