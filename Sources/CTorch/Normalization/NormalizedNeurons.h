// Batch norm followed by LIF neurons on channels-last images, on the CPU, without differentiation.
#pragma once
#include "../LIFOperators.h"
#include "BatchNorm.h"

namespace spikeguard {

// What spikeguard::lif_normalized was asked to do, beside the neuron's options.
struct NormalizedNeurons {
  OptionalTensor weight, bias;
  Statistics statistics;
  bool pooled;  // spikes are averaged over windows of 2 x 2
};

// Spikes or their averages, and how many spikes there were.
std::tuple<Tensor, Tensor> normalizedForward(
    const LIFOptions&, const NormalizedNeurons&, const Tensor& x);

// The gradients that are wanted, from that of the result.
Gradients normalizedBackward(
    const LIFOptions&, const NormalizedNeurons&, const Tensor& grad, const Tensor& x, Wanted);

}  // namespace spikeguard
