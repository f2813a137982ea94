// The numerical core of the LIF operators, free of LibTorch. Compiled for AVX2 and for the
// baseline; the processor chooses.
//
// Memory. A framework that composes the neuron from tensor operations keeps h, s and the
// surrogate's slope of every time step: 3 to 5 tensors of T * neurons. Here the input alone is
// kept. Neurons do not interact, so backward and double backward recompute h for a block of neurons
// over all T steps into a scratch block that stays in the first-level cache; the recomputation is
// two multiplications and two additions for a value that had to be loaded anyhow.
#pragma once
#include "LIFOptions.h"

namespace spikeguard {

// A step has `neurons` values; step t of an array begins at t * neurons. With options.constant,
// arrays that belong to the input (`input`, `inputGradient`, `cotangent`) have a single step.
template <class T> struct LIFForwardArrays {
  const T* input;
  const T* membrane;  // one step, or null for zeros
  T* spikes;
  T* finalMembrane;  // one step, or null
};

template <class T> struct LIFBackwardArrays {
  const T* spikeGradient;  // dL/ds
  const T* input;
  const T* membrane;
  T* inputGradient;  // dL/dx
};

// Backward is a function dL/dx = B(dL/ds, x); its own backward turns a cotangent of dL/dx into
// those of dL/ds and x.
template <class T> struct LIFDoubleBackwardArrays {
  const T* cotangent;
  const T* spikeGradient;
  const T* input;
  const T* membrane;
  T* spikeGradientCotangent;
  T* inputCotangent;
};

// The neurons [begin, end) of a step; the next step's lie `neurons` further on in the arrays of
// spikes, `inputNeurons` in those of the input. Ranges are independent of one another.
struct LIFRange {
  int64_t neurons, inputNeurons, begin, end;
};

// Returns the number of spikes.
template <class T>
int64_t lifForward(const LIFOptions&, const LIFForwardArrays<T>&, const LIFRange&);
template <class T>
void lifBackward(const LIFOptions&, const LIFBackwardArrays<T>&, const LIFRange&);
template <class T>
void lifDoubleBackward(const LIFOptions&, const LIFDoubleBackwardArrays<T>&, const LIFRange&);

}  // namespace spikeguard
