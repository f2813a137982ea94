// Chooses the instantiation of a loop (surrogate, spiking or smooth) and the instruction set, and
// cuts neurons into blocks.

// A fused multiply-add rounds once where the tensor expression rounds twice. The pragma precedes
// the includes so that it holds for the loops in them.
#pragma clang fp contract(off)

// The loops insist on being vectorised; those of the smooth arctan cannot be, for they call libm.
#pragma clang diagnostic ignored "-Wpass-failed"

#include "LIFKernels.h"

#include <vector>

#include "InstructionSets.h"
#include "LIFLoops.h"

namespace spikeguard {
namespace {

// The block's size has no influence on results. Measured: backward is fastest when the scratch
// leaves most of the first-level cache to the rows that stream through; forward, whose scratch is
// one row, likes long rows.
template <class Loop, class T> int64_t blockSize(int64_t rows) {
  int64_t fitting = Loop::scratchBytes / (rows * int64_t{sizeof(T)});
  return std::clamp<int64_t>(fitting / 64 * 64, 64, 4096);
}

template <class Loop, class Neuron> LIF_INLINE int64_t
runBlocks(const LIFOptions& options, const typename Loop::Arrays& arrays, const LIFRange& range) {
  using T = typename Loop::Scalar;
  const Neuron neuron(options);
  int64_t rows = Loop::rows(options.steps), size = blockSize<Loop, T>(rows), total = 0;
  std::vector<T> scratch(rows * size);
  for (int64_t offset = range.begin; offset < range.end; offset += size) {
    LIFBlock block{
        options.steps, range.neurons, options.constant ? 0 : range.inputNeurons, offset,
        std::min(size, range.end - offset)};
    total += Loop::run(neuron, arrays, scratch.data(), block);
  }
  return total;
}

template <class Loop, class Neuron> [[gnu::noinline]] int64_t runBaseline(
    const LIFOptions& options, const typename Loop::Arrays& arrays, const LIFRange& range) {
  return runBlocks<Loop, Neuron>(options, arrays, range);
}

#if defined(__x86_64__)
template <class Loop, class Neuron> [[gnu::noinline, gnu::target("avx2,fma")]] int64_t runAVX2(
    const LIFOptions& options, const typename Loop::Arrays& arrays, const LIFRange& range) {
  return runBlocks<Loop, Neuron>(options, arrays, range);
}
#else
template <class Loop, class Neuron, class... Arguments> int64_t runAVX2(const Arguments&...) {
  return 0;
}
#endif

template <class Loop, template <class> class Surrogate, bool spiking> int64_t runNeuron(
    const LIFOptions& options, const typename Loop::Arrays& arrays, const LIFRange& range) {
  using T = typename Loop::Scalar;
  using Neuron = LIFNeuron<T, Surrogate<T>, spiking>;
  return processorHasAVX2() ? runAVX2<Loop, Neuron>(options, arrays, range)
                            : runBaseline<Loop, Neuron>(options, arrays, range);
}

template <class Loop, bool spiking> int64_t runSurrogate(
    const LIFOptions& options, const typename Loop::Arrays& arrays, const LIFRange& range) {
  switch (options.surrogate) {
    case kTriangle: return runNeuron<Loop, TriangleSurrogate, spiking>(options, arrays, range);
    case kRectangle: return runNeuron<Loop, RectangleSurrogate, spiking>(options, arrays, range);
    case kSigmoid: return runNeuron<Loop, SigmoidSurrogate, spiking>(options, arrays, range);
    case kArctan: return runNeuron<Loop, ArctanSurrogate, spiking>(options, arrays, range);
    default: return runNeuron<Loop, ExponentialSurrogate, spiking>(options, arrays, range);
  }
}

template <class Loop>
int64_t run(const LIFOptions& options, const typename Loop::Arrays& arrays, const LIFRange& range) {
  return options.spiking ? runSurrogate<Loop, true>(options, arrays, range)
                         : runSurrogate<Loop, false>(options, arrays, range);
}

}  // namespace

template <class T>
int64_t lifForward(const LIFOptions& o, const LIFForwardArrays<T>& arrays, const LIFRange& range) {
  return run<LIFForwardLoop<T>>(o, arrays, range);
}

template <class T>
void lifBackward(const LIFOptions& o, const LIFBackwardArrays<T>& arrays, const LIFRange& range) {
  run<LIFBackwardLoop<T>>(o, arrays, range);
}

template <class T> void lifDoubleBackward(
    const LIFOptions& o, const LIFDoubleBackwardArrays<T>& arrays, const LIFRange& range) {
  run<LIFDoubleBackwardLoop<T>>(o, arrays, range);
}

template int64_t lifForward(const LIFOptions&, const LIFForwardArrays<float>&, const LIFRange&);
template int64_t lifForward(const LIFOptions&, const LIFForwardArrays<double>&, const LIFRange&);
template void lifBackward(const LIFOptions&, const LIFBackwardArrays<float>&, const LIFRange&);
template void lifBackward(const LIFOptions&, const LIFBackwardArrays<double>&, const LIFRange&);
template void lifDoubleBackward(
    const LIFOptions&, const LIFDoubleBackwardArrays<float>&, const LIFRange&);
template void lifDoubleBackward(
    const LIFOptions&, const LIFDoubleBackwardArrays<double>&, const LIFRange&);

}  // namespace spikeguard
