// What a multi-step leaky integrate-and-fire (LIF) neuron is asked to do. Plain C++: the kernels
// never see LibTorch.
#pragma once
#include <cstdint>

namespace spikeguard {

// The numbers are part of the operators' schema.
enum LIFReset : int64_t { kSoftReset = 0, kHardReset = 1, kNoReset = 2 };
enum LIFSurrogate : int64_t {
  kTriangle = 0,
  kRectangle = 1,
  kSigmoid = 2,
  kArctan = 3,
  kExponential = 4
};

// h[t] = leak v[t-1] + inputScale x[t],  s[t] = 1[h[t] - threshold >= 0],
// v[t] = h[t] - threshold s[t] (soft),  h[t] (1 - s[t]) (hard),  h[t] (none).
struct LIFOptions {
  int64_t steps;
  bool constant;  // one input step, applied in every time step
  double leak;
  double inputScale;
  double threshold;
  int64_t reset;      // LIFReset
  bool detachReset;   // the spike inside the reset carries no gradient
  int64_t surrogate;  // LIFSurrogate
  double width;       // of the surrogate: g(u) = scale g1(u / width) / width
  double scale;
  bool throughTime;   // false: v[t-1] is a constant for the gradient of step t (SLTT)
  bool spiking;       // false: s = G(h - threshold), which makes finite differences meaningful
  bool keepMembrane;
};

}  // namespace spikeguard
