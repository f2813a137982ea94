// The numerical core of the convolutions with 3 x 3 kernels, free of LibTorch, for one instruction
// set and one size of tile. Winograd.cpp says in which order the parts run.
//
// Memory. Images are [images, height, width, channels]. An image is cut into tiles of r x r output
// pixels; a tile's transform has (r + 2)^2 points. Transformed tiles lie in panels of 16 channels,
//   [point][panel of channels][tile][16],
// so that each point's matrix product streams through memory in order, whichever of tiles and
// channels is summed over. Products come out 32 channels wide (a block):
//   [point][tile or channel][32].
#pragma once
#include <cstdint>

namespace spikeguard {

constexpr int64_t kPanel = 16, kBlock = 2 * kPanel;
// Rows of a product that are computed at once.
constexpr int64_t kProductRows = 8;
// Tiles whose products wait in the second-level cache for their output transform.
constexpr int64_t kTilesAtOnce = 48;

struct WinogradImages {
  int64_t images, height, width;
};

// Tiles [begin, end), of which `origin` is the first that the panels hold, and `room` the number
// of tiles that they have room for.
struct WinogradTiles {
  int64_t begin, end, origin, room;
};

// A weight read as [rows, lanes, 9]: rows are summed over, lanes become a product's columns.
struct WinogradWeight {
  const float* values;
  int64_t rows, rowStride, lanes, laneStride;
};

struct WinogradKernels {
  int64_t outputs;  // r
  int64_t points;   // (r + 2)^2

  // Panels of Bt d B, the tiles' input pixels; those outside the image are zero.
  void (*input)(
      const WinogradImages&, const float* x, int64_t channels, const WinogradTiles&, float* panels);
  // Panels of A gy At, the tiles' output gradients.
  void (*gradient)(
      const WinogradImages&, const float* gy, int64_t channels, const WinogradTiles&,
      float* panels);
  // G g Gt of the block of at most 32 lanes, [point][rows, filled up to a panel][32].
  void (*weight)(const WinogradWeight&, float* block);

  // product[8][32] = 8 tiles' panels times block: sums over channels.
  void (*timesWeight)(
      const float* tiles, int64_t panelStride, int64_t panels, const float* block, float* product);
  // product[8][32] = sum over tiles of 8 channels of a panel times the channels of two panels.
  void (*timesGradient)(
      const float* channels, const float* first, const float* second, int64_t tiles,
      float* product);

  // y = At products A (+ bias), of one block of channels. `products` begins with tiles.begin's.
  void (*output)(
      const WinogradImages&, const float* products, const WinogradTiles&, const float* bias,
      int64_t firstChannel, int64_t channels, float* y);
  // gx = sum of the tiles' B products Bt, which overlap. Tiles of an image must come in order.
  void (*inputGradient)(
      const WinogradImages&, const float* products, const WinogradTiles&, int64_t firstChannel,
      int64_t channels, float* gx);
  // sum (+)= Gt products G: [32 input channels][9][32 output channels].
  void (*weightGradient)(const float* products, bool adds, float* sum);
};

// Null where the processor lacks the instructions. `outputs` is 2 or 4.
const WinogradKernels* winogradAVX2(int64_t outputs);
const WinogradKernels* winogradAVX512(int64_t outputs);

}  // namespace spikeguard
