// The engine's threads for loops of our own.
//
// at::parallel_for runs on one thread in code that is compiled without OpenMP, as ours is: Clang
// generates calls of LLVM's runtime, and a second runtime beside the engine's would bring threads of
// its own that compete with the engine's. So the engine's runtime is called by hand.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <mutex>

namespace spikeguard {

// Calls task(context, thread, threads) on up to `threads` threads at once; on one where there is no
// OpenMP runtime. Tasks must not throw.
void runOnThreads(
    int64_t threads, void (*task)(void* context, int64_t thread, int64_t threads), void* context);

// As at::parallel_for: body(first, behind) for equal parts of begin ..< end, one a thread, on no more
// threads than there are `grain`s in it; what a part throws is thrown here.
template <class Body> void parallelFor(
    int64_t begin, int64_t end, int64_t grain, const Body& body) {
  if (begin >= end) return;
  const int64_t shortest = std::max<int64_t>(grain, 1);
  const int64_t wanted = std::min<int64_t>(
      at::get_num_threads(), (end - begin + shortest - 1) / shortest);
  if (wanted <= 1 || at::in_parallel_region()) {
    at::internal::ThreadIdGuard id(0);
    c10::ParallelGuard guard(true);
    body(begin, end);
    return;
  }
  struct Context {
    int64_t begin, end;
    const Body& body;
    std::mutex mutex;
    std::exception_ptr error;
  } context{begin, end, body, {}, nullptr};
  runOnThreads(
      wanted,
      [](void* opaque, int64_t thread, int64_t threads) {
        Context& context = *static_cast<Context*>(opaque);
        const int64_t size = (context.end - context.begin + threads - 1) / threads;
        const int64_t first = context.begin + thread * size;
        const int64_t behind = std::min(context.end, first + size);
        if (first >= behind) return;
        try {
          at::internal::ThreadIdGuard id{static_cast<int>(thread)};
          c10::ParallelGuard guard(true);
          context.body(first, behind);
        } catch (...) {
          std::lock_guard<std::mutex> lock(context.mutex);
          context.error = std::current_exception();
        }
      },
      &context);
  if (context.error) std::rethrow_exception(context.error);
}

}  // namespace spikeguard
