// The order in which a convolution's parts run, and which of them run at once.
//
// Tiles are taken in chunks whose panels stay in the third-level cache. Within a chunk, a unit of
// work is a block of 32 output channels: its transformed weight is made on the spot (the whole
// weight's transform is four times the weight, more than the cache holds), and its products are
// transformed back before they leave the second-level cache. No sum is split over threads or over
// chunks in a way that depends on their number, so any number of threads gives the same bits.
#include "Winograd.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <optional>

#include "../Threads.h"

namespace spikeguard {
namespace {

using at::Tensor;

constexpr int64_t quotient(int64_t n, int64_t size) { return (n + size - 1) / size; }

// Memory without values.
class Scratch {
 public:
  explicit Scratch(int64_t count)
    : tensor(at::empty({count})), values(tensor.mutable_data_ptr<float>()) {}
  float* data() { return values; }

 private:
  Tensor tensor;
  float* values;
};

struct Layout {
  WinogradImages images;
  int64_t tilesInImage, tiles;
  int64_t room;  // tiles in a chunk

  Layout(const WinogradKernels& kernels, const Tensor& x, int64_t channels, int64_t bytes)
    : images{x.size(0), x.size(2), x.size(3)} {
    tilesInImage = quotient(images.height, kernels.outputs) *
        quotient(images.width, kernels.outputs);
    tiles = images.images * tilesInImage;
    int64_t tileBytes = kernels.points * quotient(channels, kPanel) * kPanel * 4;
    int64_t fitting = std::max<int64_t>(bytes / tileBytes / kTilesAtOnce, 1) * kTilesAtOnce;
    room = std::min(fitting, quotient(tiles, kProductRows) * kProductRows);
  }

  template <class Body> void forEachChunk(Body body) const {
    for (int64_t begin = 0; begin < tiles; begin += room)
      body(WinogradTiles{begin, std::min(begin + room, tiles), begin, room});
  }
};

using Fill = void (*)(
    const WinogradImages&, const float*, int64_t, const WinogradTiles&, float*);

// A chunk's transformed tiles.
class Panels {
 public:
  Panels(const WinogradKernels& kernels, const Layout& layout, int64_t channels, Fill fill)
    : layout(layout), channels(channels), count(quotient(channels, kPanel)), fill(fill),
      memory(kernels.points * count * layout.room * kPanel + (kProductRows - 1) * kPanel) {}

  void transform(const float* pixels, const WinogradTiles& chunk) {
    parallelFor(chunk.begin, chunk.end, 1, [&](int64_t begin, int64_t end) {
      fill(layout.images, pixels, channels, {begin, end, chunk.origin, chunk.room}, memory.data());
    });
  }

  int64_t panels() const { return count; }
  int64_t stride() const { return layout.room * kPanel; }
  // Products take eight tiles at once, from any tile on: behind the last one they read what nobody reads of
  // them, and of the last panel what lies behind it.
  const float* at(int64_t point, int64_t panel, int64_t tile) {
    return memory.data() + ((point * count + panel) * layout.room + tile) * kPanel;
  }

 private:
  const Layout& layout;
  int64_t channels, count;
  Fill fill;
  Scratch memory;
};

// Runs `unit(block, tiles)` for all blocks of channels and parts of the chunk; every thread makes
// its own `unit`, with its own memory. A part is made of whole images, because the tiles of an
// image share pixels of its gradient.
template <class MakeUnit> void forEachUnit(
    const Layout& layout, const WinogradTiles& chunk, int64_t blocks, MakeUnit makeUnit) {
  int64_t first = chunk.begin / layout.tilesInImage;
  int64_t images = quotient(chunk.end, layout.tilesInImage) - first;
  // A few units a thread even out their times; each one transforms its block of the weight.
  int64_t wanted = quotient(4 * at::get_num_threads(), blocks);
  int64_t parts = at::get_num_threads() == 1 ? 1 : std::min(images, wanted);
  auto boundary = [&](int64_t part) {
    return std::clamp(
        (first + images * part / parts) * layout.tilesInImage, chunk.begin, chunk.end);
  };
  parallelFor(0, blocks * parts, 1, [&](int64_t begin, int64_t end) {
    auto unit = makeUnit();
    for (int64_t index = begin; index < end; ++index) {
      int64_t part = index % parts;
      unit(
          index / parts,
          WinogradTiles{boundary(part), boundary(part + 1), chunk.origin, chunk.room});
    }
  });
}

// weight [rows, lanes] or [lanes, rows], 3 x 3 taps each.
struct WeightBlocks {
  const float* values;
  int64_t rows, rowStride, lanes, laneStride;

  int64_t blocks() const { return quotient(lanes, kBlock); }
  WinogradWeight block(int64_t index) const {
    int64_t lane = index * kBlock;
    return {values + lane * laneStride, rows, rowStride, std::min(kBlock, lanes - lane),
            laneStride};
  }
};

// All points' products of the panels with the weight; `finish(products, tiles, first channel)`
// transforms them back.
template <class Finish> void multiply(
    const WinogradKernels& kernels, const Layout& layout, const WinogradTiles& chunk,
    Panels& panels, const WeightBlocks& weight, Finish finish) {
  int64_t floats = panels.panels() * kPanel * kBlock;
  forEachUnit(layout, chunk, weight.blocks(), [&] {
    return [&, transformed = Scratch(kernels.points * floats),
            products = Scratch(kernels.points * kTilesAtOnce * kBlock)](
               int64_t block, const WinogradTiles& part) mutable {
      kernels.weight(weight.block(block), transformed.data());
      for (int64_t begin = part.begin; begin < part.end; begin += kTilesAtOnce) {
        int64_t end = std::min(begin + kTilesAtOnce, part.end);
        for (int64_t point = 0; point < kernels.points; ++point)
          for (int64_t tile = 0; tile < end - begin; tile += kProductRows)
            kernels.timesWeight(
                panels.at(point, 0, begin - part.origin + tile), panels.stride(), panels.panels(),
                transformed.data() + point * floats,
                products.data() + (point * kTilesAtOnce + tile) * kBlock);
        finish(
            products.data(), WinogradTiles{begin, end, part.origin, part.room}, block * kBlock);
      }
    };
  });
}

// The sums over tiles of input panels times gradient panels, transformed back chunk by chunk.
class WeightGradient {
 public:
  WeightGradient(const WinogradKernels& kernels, int64_t inputs, int64_t outputs)
    : kernels(kernels), inputs(inputs), outputs(outputs), inputBlocks(quotient(inputs, kBlock)),
      outputBlocks(quotient(outputs, kBlock)), sums(inputBlocks * outputBlocks * blockFloats) {}

  void add(Panels& x, Panels& gradient, const WinogradTiles& chunk) {
    int64_t tiles = chunk.end - chunk.begin;
    parallelFor(0, inputBlocks * outputBlocks, 1, [&](int64_t begin, int64_t end) {
      Scratch products(kernels.points * kBlock * kBlock);
      for (int64_t index = begin; index < end; ++index) {
        // The gradient's panels stay in the second-level cache while the input's pass by.
        int64_t output = 2 * (index / inputBlocks), input = 2 * (index % inputBlocks);
        int64_t next = std::min(output + 1, gradient.panels() - 1);
        for (int64_t point = 0; point < kernels.points; ++point)
          for (int64_t row = 0; row < kBlock; row += kProductRows) {
            int64_t panel = std::min(input + row / kPanel, x.panels() - 1);
            kernels.timesGradient(
                x.at(point, panel, 0) + row % kPanel, gradient.at(point, output, 0),
                gradient.at(point, next, 0), tiles,
                products.data() + (point * kBlock + row) * kBlock);
          }
        kernels.weightGradient(
            products.data(), chunk.begin > 0, sums.data() + index * blockFloats);
      }
    });
  }

  // [outputs, inputs, 3, 3].
  void write(float* gradient) {
    parallelFor(0, outputs, 1, [&](int64_t begin, int64_t end) {
      for (int64_t output = begin; output < end; ++output)
        for (int64_t input = 0; input < inputs; ++input) {
          int64_t block = output / kBlock * inputBlocks + input / kBlock;
          const float* taps = sums.data() + block * blockFloats +
              input % kBlock * 9 * kBlock + output % kBlock;
          float* out = gradient + (output * inputs + input) * 9;
          for (int64_t tap = 0; tap < 9; ++tap) out[tap] = taps[tap * kBlock];
        }
    });
  }

 private:
  static constexpr int64_t blockFloats = kBlock * 9 * kBlock;
  const WinogradKernels& kernels;
  int64_t inputs, outputs, inputBlocks, outputBlocks;
  Scratch sums;  // [output block][input block][32 inputs][9][32 outputs]
};

// Measured (docs/performance.md): smaller ones transform the weight more often, larger ones leave
// the cache.
constexpr int64_t kForwardBytes = 4 << 20, kBackwardBytes = 8 << 20;

Tensor inImageOrder(const Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

}  // namespace

Tensor winogradForward(
    const WinogradKernels& kernels, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor input = inImageOrder(x), w = weight.contiguous();
  int64_t inputs = x.size(1), outputs = weight.size(0);
  Tensor y = at::empty(
      {x.size(0), outputs, x.size(2), x.size(3)},
      x.options().memory_format(at::MemoryFormat::ChannelsLast));
  const Tensor shift = bias.defined() ? bias.contiguous() : bias;
  const float* shiftData = shift.defined() ? shift.const_data_ptr<float>() : nullptr;
  float* yData = y.mutable_data_ptr<float>();

  const Layout layout(kernels, input, inputs, kForwardBytes);
  const WeightBlocks blocks{w.const_data_ptr<float>(), inputs, 9, outputs, inputs * 9};
  Panels panels(kernels, layout, inputs, kernels.input);
  layout.forEachChunk([&](const WinogradTiles& chunk) {
    panels.transform(input.const_data_ptr<float>(), chunk);
    multiply(
        kernels, layout, chunk, panels, blocks,
        [&](const float* products, const WinogradTiles& tiles, int64_t channel) {
          kernels.output(layout.images, products, tiles, shiftData, channel, outputs, yData);
        });
  });
  return y;
}

std::array<Tensor, 2> winogradBackward(
    const WinogradKernels& kernels, const Tensor& gradY, const Tensor& x, const Tensor& weight,
    std::array<bool, 2> wanted) {
  const Tensor gy = inImageOrder(gradY), input = inImageOrder(x), w = weight.contiguous();
  int64_t inputs = x.size(1), outputs = weight.size(0);
  std::array<Tensor, 2> gradients;
  if (!wanted[0] && !wanted[1]) return gradients;
  const Layout layout(kernels, gy, std::max(inputs, outputs), kBackwardBytes);
  Panels gradient(kernels, layout, outputs, kernels.gradient);
  std::optional<Panels> pixels;
  std::optional<WeightGradient> towardsWeight;
  if (wanted[0]) gradients[0] = at::empty_like(input);
  if (wanted[1]) {
    gradients[1] = at::empty_like(w);
    pixels.emplace(kernels, layout, inputs, kernels.input);
    towardsWeight.emplace(kernels, inputs, outputs);
  }
  const WeightBlocks blocks{w.const_data_ptr<float>(), outputs, inputs * 9, inputs, 9};
  layout.forEachChunk([&](const WinogradTiles& chunk) {
    gradient.transform(gy.const_data_ptr<float>(), chunk);
    if (wanted[1]) {
      pixels->transform(input.const_data_ptr<float>(), chunk);
      towardsWeight->add(*pixels, gradient, chunk);
    }
    if (!wanted[0]) return;
    float* gx = gradients[0].mutable_data_ptr<float>();
    multiply(
        kernels, layout, chunk, gradient, blocks,
        [&](const float* products, const WinogradTiles& tiles, int64_t channel) {
          kernels.inputGradient(layout.images, products, tiles, channel, inputs, gx);
        });
  });
  if (wanted[1]) towardsWeight->write(gradients[1].mutable_data_ptr<float>());
  return gradients;
}

}  // namespace spikeguard
