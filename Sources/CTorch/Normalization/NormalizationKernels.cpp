// Chooses the instruction set of the loops.

// The loops say themselves where a multiply-add is one instruction.
#pragma clang fp contract(off)

#include "NormalizationLoops.h"

#include "../InstructionSets.h"

namespace spikeguard {
namespace {

// Body::run<fused>(arguments...), inlined into a function of either instruction set.
template <class Body, class... Arguments>
[[gnu::noinline]] void runBaseline(const Arguments&... arguments) {
  Body::template run<false>(arguments...);
}

#if defined(__x86_64__)
template <class Body, class... Arguments>
[[gnu::noinline, gnu::target("avx2,fma")]] void runAVX2(const Arguments&... arguments) {
  Body::template run<true>(arguments...);
}
#else
template <class Body, class... Arguments> void runAVX2(const Arguments&...) {}
#endif

template <class Body, class... Arguments> void run(const Arguments&... arguments) {
  if (engineFusesMultiplyAdds()) runAVX2<Body>(arguments...);
  else runBaseline<Body>(arguments...);
}

#define BODY(name, expression)                                                        \
  struct name {                                                                       \
    template <bool fused, class... Arguments>                                         \
    NORMALIZATION_INLINE static void run(const Arguments&... arguments) { expression; } \
  };
BODY(Terms, NormalizationLoops<fused>::terms(arguments...))
BODY(Normalize, NormalizationLoops<fused>::normalize(arguments...))
BODY(Project, NormalizationLoops<fused>::project(arguments...))
BODY(Scale, NormalizationLoops<fused>::scale(arguments...))
#undef BODY

struct Tiles {
  template <bool fused, class T, class Body>
  NORMALIZATION_INLINE static void run(const T*, int64_t channels, const Body& body) {
    overChannels<T>(channels, body);
  }
};

}  // namespace

template <class T> void channelTerms(
    const T* weight, const T* bias, const T* mean, const T* variance, double epsilon,
    int64_t channels, const ChannelTerms<T>& terms) {
  run<Terms>(weight, bias, mean, variance, epsilon, channels, terms);
}

template <class T>
void normalizeRows(const T* x, T* y, const ChannelRows& size, const T* scale, const T* shift) {
  run<Normalize>(x, y, size, scale, shift);
}

template <class T> void momentsOfRows(const T* x, const ChannelRows& size, T* sums, T* squares) {
  run<Tiles>(x, size.channels, MomentTiles<T>{x, size, sums, squares});
}

template <class T> void addGradientSums(
    const T* gradient, const T* x, const T* mean, const ChannelRows& size, double* sums,
    double* products) {
  run<Tiles>(x, size.channels, GradientSumTiles<T>{gradient, x, mean, size, sums, products});
}

template <class T> void projectRows(
    const T* gradient, const T* x, T* result, const ChannelRows& size,
    const ProjectionTerms<T>& terms) {
  run<Project>(gradient, x, result, size, terms);
}

template <class T>
void scaleRows(
    const T* gradient, T* result, const ChannelRows& size, const T* k, const T* weight) {
  run<Scale>(gradient, result, size, k, weight);
}

#define INSTANTIATE(T)                                                                           \
  template void channelTerms(                                                                    \
      const T*, const T*, const T*, const T*, double, int64_t, const ChannelTerms<T>&);          \
  template void normalizeRows(const T*, T*, const ChannelRows&, const T*, const T*);             \
  template void momentsOfRows(const T*, const ChannelRows&, T*, T*);                             \
  template void addGradientSums(                                                                 \
      const T*, const T*, const T*, const ChannelRows&, double*, double*);                       \
  template void projectRows(                                                                     \
      const T*, const T*, T*, const ChannelRows&, const ProjectionTerms<T>&);                    \
  template void scaleRows(const T*, T*, const ChannelRows&, const T*, const T*);
INSTANTIATE(float)
INSTANTIATE(double)

}  // namespace spikeguard
