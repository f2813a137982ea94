// spikeguard::lif_pooled: spikes averaged over windows of 2 x 2 before they reach memory.
//
// Of the spikes only their averages are kept, a quarter of the numbers, and the gradient that comes
// back is spread over a window in the cache. Two rows of an image at all time steps are a unit of
// work; the neurons themselves are LIFKernels', so the result is that of spikeguard::lif followed by
// an average pool, to the bit. Asked for a graph of its own, backward is composed of those two.
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <torch/library.h>

#include <atomic>

#include "LIFLayout.h"
#include "LIFSavedOptions.h"

namespace spikeguard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Pairs of rows of the images of one time step.
struct Rows {
  int64_t images, pairs, width, channels;

  explicit Rows(const LIFOptions& options, const Tensor& x) {
    TORCH_CHECK_VALUE(
        x.dim() == 4 && x.size(2) % 2 == 0 && x.size(3) % 2 == 0 && x.numel() > 0 &&
            x.is_contiguous(at::MemoryFormat::ChannelsLast),
        "spikeguard::lif_pooled: expected channels-last x of shape [T*B, C, H, W] with even H and W, "
        "got ", x.sizes(), " with strides ", x.strides());
    images = x.size(0) / (options.constant ? 1 : options.steps);
    pairs = x.size(2) / 2;
    width = x.size(3);
    channels = x.size(1);
  }

  int64_t units() const { return images * pairs; }
  int64_t neurons() const { return 2 * width * channels; }  // of a unit
  int64_t averages() const { return width / 2 * channels; }
  std::array<int64_t, 4> averagedSizes(int64_t steps) const {
    return {steps * images, channels, pairs, width / 2};
  }

  // Calls body(unit, scratch of a unit's spikes at all time steps).
  template <class T, class Body> void parallel(int64_t steps, const Body& body) const {
    int64_t grain = std::max<int64_t>(1, 32768 / (neurons() * steps));
    parallelFor(0, units(), grain, [&](int64_t begin, int64_t end) {
      std::vector<T> scratch(neurons() * steps);
      for (int64_t unit = begin; unit < end; ++unit) body(unit, scratch.data());
    });
  }

  template <class T> void average(const T* spikes, T* averages) const {
    const T* below = spikes + width * channels;
    for (int64_t x = 0; x < width / 2; ++x) {
      const T *a = spikes + 2 * x * channels, *b = below + 2 * x * channels;
      T* out = averages + x * channels;
      for (int64_t c = 0; c < channels; ++c)
        out[c] = (((a[c] + a[c + channels]) + b[c]) + b[c + channels]) / 4;
    }
  }
  template <class T> void spread(const T* averages, T* spikes) const {
    T* below = spikes + width * channels;
    for (int64_t x = 0; x < width / 2; ++x) {
      const T* in = averages + x * channels;
      T *a = spikes + 2 * x * channels, *b = below + 2 * x * channels;
      for (int64_t c = 0; c < channels; ++c) {
        T share = in[c] / 4;
        a[c] = a[c + channels] = b[c] = b[c + channels] = share;
      }
    }
  }
};

using PooledFunction = std::tuple<Tensor, Tensor>(const LIFOptions&, const Tensor& x);

std::tuple<Tensor, Tensor> forward(const LIFOptions& options, const Tensor& x) {
  const LIFLayout layout(options, x);
  const Rows rows(options, x);
  Tensor averages = at::empty(
      rows.averagedSizes(options.steps), x.options().memory_format(at::MemoryFormat::ChannelsLast));
  std::atomic<int64_t> count{0};
  withScalar(layout.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* input = read<T>(x);
    T* result = write<T>(averages);
    rows.parallel<T>(options.steps, [&](int64_t unit, T* spikes) {
      LIFForwardArrays<T> arrays{input + unit * rows.neurons(), nullptr, spikes, nullptr};
      count += lifForward(
          options, arrays, LIFRange{rows.neurons(), layout.neurons(), 0, rows.neurons()});
      for (int64_t t = 0; t < options.steps; ++t)
        rows.average(
            spikes + t * rows.neurons(), result + (t * rows.units() + unit) * rows.averages());
    });
  });
  return {averages, at::scalar_tensor(count.load(), at::TensorOptions(at::kLong))};
}

Tensor backward(const LIFOptions& options, const Tensor& grad, const Tensor& x) {
  const LIFLayout layout(options, x);
  const Rows rows(options, x);
  Tensor gradient = grad.contiguous(at::MemoryFormat::ChannelsLast);
  TORCH_CHECK_VALUE(
      grad.sizes() == at::IntArrayRef(rows.averagedSizes(options.steps)) &&
          grad.scalar_type() == x.scalar_type(),
      "spikeguard::lif_pooled: expected the averages' gradient, got ", grad.scalar_type(), " ",
      grad.sizes());
  Tensor result = layout.emptyInput();
  withScalar(layout.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T *input = read<T>(x), *shares = read<T>(gradient);
    T* out = write<T>(result);
    rows.parallel<T>(options.steps, [&](int64_t unit, T* spikes) {
      for (int64_t t = 0; t < options.steps; ++t)
        rows.spread(
            shares + (t * rows.units() + unit) * rows.averages(), spikes + t * rows.neurons());
      int64_t start = unit * rows.neurons();
      LIFBackwardArrays<T> arrays{spikes, input + start, nullptr, out + start};
      lifBackward(
          options, arrays, LIFRange{rows.neurons(), layout.neurons(), 0, rows.neurons()});
    });
  });
  return result;
}

struct LIFPooled : torch::autograd::Function<LIFPooled> {
  static variable_list forward(
      AutogradContext* context, const Tensor& x, const LIFOptions& options) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [averages, count] = spikeguard::forward(options, x);
    context->mark_non_differentiable({count});
    context->save_for_backward({x});
    saveOptions(context, options);
    return {averages, count};
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    static const LIFOperator<LIFBackwardFunction> composed("spikeguard::lif_backward");
    const Tensor x = context->get_saved_variables()[0];
    const LIFOptions options = savedOptions(context);
    if (!at::GradMode::is_enabled()) return {spikeguard::backward(options, grads[0], x), Tensor()};
    Tensor spread = at::div(at::upsample_nearest2d(grads[0], {x.size(2), x.size(3)}), 4);
    return {composed(options, spread, x, std::nullopt), Tensor()};
  }
};

std::tuple<Tensor, Tensor> recorded(const LIFOptions& options, const Tensor& x) {
  variable_list results = LIFPooled::apply(x, options);
  return {results[0], results[1]};
}

}  // namespace
}  // namespace spikeguard

TORCH_LIBRARY_FRAGMENT(spikeguard, m) {
  m.def("lif_pooled(Tensor x, " LIF_OPTIONS_SCHEMA ") -> (Tensor averages, Tensor count)");
}

TORCH_LIBRARY_IMPL(spikeguard, CPU, m) {
  using namespace spikeguard;
  m.impl("lif_pooled", LIFOperator<PooledFunction>::entry<forward>);
}

TORCH_LIBRARY_IMPL(spikeguard, Autograd, m) {
  using namespace spikeguard;
  m.impl("lif_pooled", LIFOperator<PooledFunction>::entry<recorded>);
}
