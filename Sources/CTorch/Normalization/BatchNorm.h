// Batch norm by given statistics, differentiable, for whoever composes with it.
#pragma once
#include "../WantedGradients.h"

namespace spikeguard {

// μ and σ² that normalise, and ε.
struct Statistics {
  at::Tensor mean, variance;
  double epsilon;
  // They are those of x itself, and gradients go through them; else they are constants.
  bool ofBatch;

  at::Tensor inverseDeviation() const;
};

at::Tensor batchNorm(
    const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias,
    const Statistics&);

// Gradients of batchNorm from that of its result; a function that can be differentiated again.
Gradients batchNormGradients(
    const at::Tensor& gradY, const at::Tensor& x, const OptionalTensor& weight, const Statistics&,
    Wanted);

}  // namespace spikeguard
