// Batch norm and LIF neurons in one pass: a few thousand inputs are normalised into the cache, at all
// time steps, and the neurons' kernels read them there. Neither the normalised values nor, where they
// are averaged, the spikes ever reach memory; backward normalises again.
//
// The arithmetic is that of spikeguard::batch_norm, spikeguard::lif and an average pool, to the bit; in
// the gradients only the sums over a batch are taken in another order, one that sizes alone decide.
#include "NormalizedNeurons.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>

#include <atomic>
#include <vector>

#include "../LIFLayout.h"
#include "NormalizationKernels.h"
#include "SpikeAverages.h"

namespace spikeguard {
namespace {

// The work, cut into units of whole rows of the image, or pairs of rows, at all time steps.
struct NeuronUnits {
  LIFLayout layout;
  SpikeAverages averages;
  bool pooled;
  int64_t steps, inputSteps, neurons, channels, size;

  NeuronUnits(const LIFOptions& options, const NormalizedNeurons& asked, const Tensor& x)
    : layout(options, x), pooled(asked.pooled), steps(options.steps),
      inputSteps(options.constant ? 1 : options.steps), neurons(layout.neurons()) {
    TORCH_CHECK_VALUE(
        x.device().is_cpu() && x.dim() == 4 && x.numel() > 0 &&
            x.is_contiguous(at::MemoryFormat::ChannelsLast),
        "spikeguard::lif_normalized: expected channels-last x of shape [T*B, C, H, W] on the CPU, got ",
        x.sizes(), " with strides ", x.strides(), " on ", x.device());
    TORCH_CHECK_VALUE(
        !pooled || (x.size(2) % 2 == 0 && x.size(3) % 2 == 0),
        "spikeguard::lif_normalized: expected even H and W to average over 2 x 2 positions, got ",
        x.sizes());
    channels = x.size(1);
    averages = {x.size(3), channels};
    const Statistics& statistics = asked.statistics;
    for (const OptionalTensor& t :
         {OptionalTensor(statistics.mean), OptionalTensor(statistics.variance), asked.weight,
          asked.bias})
      TORCH_CHECK_VALUE(
          !t || (t->sizes() == at::IntArrayRef{channels} && t->scalar_type() == x.scalar_type() &&
                 t->is_contiguous() && t->device() == x.device()),
          "spikeguard::lif_normalized: expected ", channels, " contiguous numbers of x's type ",
          x.scalar_type(), " for each of weight, bias, mean and variance, got ", t->scalar_type(),
          " ", t->sizes());
    const int64_t granule = pooled ? averages.pairOfRows() : channels;
    const int64_t wanted = std::max<int64_t>(8 * channels, 8192 / steps);
    size = (wanted + granule - 1) / granule * granule;
  }

  int64_t count() const { return (neurons + size - 1) / size; }
  int64_t start(int64_t unit) const { return unit * size; }
  int64_t length(int64_t unit) const { return std::min(size, neurons - unit * size); }
  int64_t pairs(int64_t length) const { return length / averages.pairOfRows(); }
  ChannelRows rows(int64_t length) const { return {length / channels, channels}; }

  // Calls body(first unit, behind the last) on the engine's threads.
  template <class Body> void share(const Body& body) const {
    const int64_t valuesWorthAThread = 32768;
    parallelFor(0, count(), std::max<int64_t>(1, valuesWorthAThread / (size * steps)), body);
  }

  std::vector<int64_t> resultSizes(const Tensor& x) const {
    const int64_t images = x.size(0) / inputSteps * steps;
    return pooled ? std::vector<int64_t>{images, channels, x.size(2) / 2, x.size(3) / 2}
                  : std::vector<int64_t>{images, channels, x.size(2), x.size(3)};
  }
};

template <class T> const T* readIfGiven(const OptionalTensor& t) {
  return t ? read<T>(*t) : nullptr;
}

template <class T> struct Terms {
  std::vector<T> values;
  ChannelTerms<T> terms;

  Terms(const NormalizedNeurons& asked, int64_t channels) : values(4 * channels) {
    T* first = values.data();
    terms = {first, first + channels, first + 2 * channels, first + 3 * channels};
    channelTerms(
        readIfGiven<T>(asked.weight), readIfGiven<T>(asked.bias),
        read<T>(asked.statistics.mean), read<T>(asked.statistics.variance),
        asked.statistics.epsilon, channels, terms);
  }
};

// A unit's normalised inputs, one row of `length` for each input step.
template <class T> void normalizeUnit(
    const NeuronUnits& units, const Terms<T>& terms, const T* x, int64_t unit, T* normalized) {
  const int64_t length = units.length(unit);
  for (int64_t t = 0; t < units.inputSteps; ++t)
    normalizeRows(
        x + t * units.neurons + units.start(unit), normalized + t * length, units.rows(length),
        static_cast<const T*>(terms.terms.scale), static_cast<const T*>(terms.terms.shift));
}

template <class T> int64_t forwardUnits(
    const LIFOptions& options, const NeuronUnits& units, const Terms<T>& terms, const T* x,
    T* result) {
  std::atomic<int64_t> count{0};  // of integers: independent of the order in which threads add
  units.share([&](int64_t begin, int64_t end) {
    std::vector<T> normalized(units.inputSteps * units.size);
    std::vector<T> kept(units.pooled ? units.steps * units.size : 0);
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t length = units.length(unit), start = units.start(unit);
      normalizeUnit(units, terms, x, unit, normalized.data());
      T* spikes = units.pooled ? kept.data() : result + start;
      count += lifForward(
          options, LIFForwardArrays<T>{normalized.data(), nullptr, spikes, nullptr},
          LIFRange{units.pooled ? length : units.neurons, length, 0, length});
      for (int64_t t = 0; units.pooled && t < units.steps; ++t)
        units.averages.average(
            spikes + t * length, result + (t * units.neurons + start) / 4, units.pairs(length));
    }
  });
  return count;
}

// The gradient's way back through one unit's neurons: dL/dz in the cache, a row for each input step.
template <class T> class UnitGradient {
 public:
  UnitGradient(const LIFOptions& options, const NeuronUnits& units, const Terms<T>& terms)
    : options(options), units(units), terms(terms),
      normalized(units.inputSteps * units.size), result(units.inputSteps * units.size),
      kept(units.pooled ? units.steps * units.size : 0) {}

  const T* operator()(const T* grad, const T* x, int64_t unit) {
    const int64_t length = units.length(unit), start = units.start(unit);
    normalizeUnit(units, terms, x, unit, normalized.data());
    for (int64_t t = 0; units.pooled && t < units.steps; ++t)
      units.averages.spread(
          grad + (t * units.neurons + start) / 4, kept.data() + t * length, units.pairs(length));
    const T* spikeGradient = units.pooled ? kept.data() : grad + start;
    lifBackward(
        options, LIFBackwardArrays<T>{spikeGradient, normalized.data(), nullptr, result.data()},
        LIFRange{units.pooled ? length : units.neurons, length, 0, length});
    return result.data();
  }

 private:
  const LIFOptions& options;
  const NeuronUnits& units;
  const Terms<T>& terms;
  std::vector<T> normalized, result, kept;
};

// Σ g and Σ g (x − μ) of each channel, from those of the units.
struct GradientSums {
  std::vector<double> sums, products;

  GradientSums(const std::vector<double>& ofUnits, int64_t channels) : sums(channels), products(channels) {
    for (size_t i = 0; i < ofUnits.size(); i += 2 * channels)
      for (int64_t c = 0; c < channels; ++c) {
        sums[c] += ofUnits[i + c];
        products[c] += ofUnits[i + channels + c];
      }
  }
};

template <class T> struct BackwardArrays {
  const T *grad, *x, *mean;
  T *towardsX, *towardsWeight, *towardsBias;  // null where they are not wanted
};

template <class T> void backwardUnits(
    const LIFOptions& options, const NeuronUnits& units, const Terms<T>& terms, bool ofBatch,
    const BackwardArrays<T>& a) {
  const int64_t channels = units.channels;
  const bool wantsSums = a.towardsWeight || a.towardsBias || (ofBatch && a.towardsX);
  std::vector<double> ofUnits(wantsSums ? units.count() * 2 * channels : 0);
  units.share([&](int64_t begin, int64_t end) {
    UnitGradient<T> unitGradient(options, units, terms);
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t length = units.length(unit);
      const T* gradient = unitGradient(a.grad, a.x, unit);
      double* sums = ofUnits.data() + unit * 2 * channels;
      for (int64_t t = 0; t < units.inputSteps; ++t) {
        const int64_t place = t * units.neurons + units.start(unit);
        if (wantsSums)
          addGradientSums(
              gradient + t * length, a.x + place, a.mean, units.rows(length), sums,
              sums + channels);
        if (a.towardsX && ofBatch) std::copy_n(gradient + t * length, length, a.towardsX + place);
        else if (a.towardsX)
          scaleRows(
              gradient + t * length, a.towardsX + place, units.rows(length),
              static_cast<const T*>(terms.terms.inverseDeviation),
              static_cast<const T*>(terms.terms.weight));
      }
    }
  });
  if (!wantsSums) return;
  const GradientSums total(ofUnits, channels);
  for (int64_t c = 0; c < channels; ++c) {
    if (a.towardsWeight) a.towardsWeight[c] = T(total.products[c] * terms.terms.inverseDeviation[c]);
    if (a.towardsBias) a.towardsBias[c] = T(total.sums[c]);
  }
  if (!a.towardsX || !ofBatch) return;
  std::vector<T> meanGradient(channels), share(channels);
  const double values = double(units.inputSteps * units.neurons / channels);
  for (int64_t c = 0; c < channels; ++c) {
    const double k = terms.terms.inverseDeviation[c];
    meanGradient[c] = T(total.sums[c] / values);
    share[c] = T(total.products[c] * k * k / values);
  }
  const ProjectionTerms<T> projection{
      a.mean, terms.terms.inverseDeviation, terms.terms.weight, meanGradient.data(),
      share.data()};
  const ChannelRows all = {units.inputSteps * units.neurons / channels, channels};
  parallelFor(0, all.rows, std::max<int64_t>(1, 32768 / channels), [&](int64_t begin, int64_t end) {
    T* rows = a.towardsX + begin * channels;
    projectRows(
        static_cast<const T*>(rows), a.x + begin * channels, rows,
        ChannelRows{end - begin, channels}, projection);
  });
}

}  // namespace

std::tuple<Tensor, Tensor> normalizedForward(
    const LIFOptions& options, const NormalizedNeurons& asked, const Tensor& x) {
  const NeuronUnits units(options, asked, x);
  Tensor result = at::empty(
      units.resultSizes(x), x.options().memory_format(at::MemoryFormat::ChannelsLast));
  int64_t count = 0;
  withScalar(x.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    count = forwardUnits(
        options, units, Terms<T>(asked, units.channels), read<T>(x), write<T>(result));
  });
  return {result, at::scalar_tensor(count, at::TensorOptions(at::kLong))};
}

Gradients normalizedBackward(
    const LIFOptions& options, const NormalizedNeurons& asked, const Tensor& grad, const Tensor& x,
    Wanted wanted) {
  const NeuronUnits units(options, asked, x);
  const Tensor gradient = grad.contiguous(at::MemoryFormat::ChannelsLast);
  TORCH_CHECK_VALUE(
      grad.sizes() == at::IntArrayRef(units.resultSizes(x)) &&
          grad.scalar_type() == x.scalar_type(),
      "spikeguard::lif_normalized: expected a gradient of the result's shape, got ",
      grad.scalar_type(), " ", grad.sizes());
  auto channelNumbers = [&](bool isWanted) {
    return isWanted ? at::empty(
                          {units.channels},
                          x.options().memory_format(at::MemoryFormat::Contiguous))
                    : Tensor();
  };
  Gradients result = {
      wanted[0] ? units.layout.emptyInput() : Tensor(), channelNumbers(wanted[1]),
      channelNumbers(wanted[2])};
  withScalar(x.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    auto writeIfWanted = [](const Tensor& t) { return t.defined() ? write<T>(t) : nullptr; };
    backwardUnits<T>(
        options, units, Terms<T>(asked, units.channels), asked.statistics.ofBatch,
        {read<T>(gradient), read<T>(x), read<T>(asked.statistics.mean), writeIfWanted(result[0]),
         writeIfWanted(result[1]), writeIfWanted(result[2])});
  });
  return result;
}

}  // namespace spikeguard
