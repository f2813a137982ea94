// What the processor can do, asked once. Defined in a file of its own: a function in this header would
// be compiled for the including file's instruction set, before anybody has asked for it.
#pragma once

namespace spikeguard {

// AVX2 and FMA.
bool processorHasAVX2();

// AVX-512 F, VL, BW and DQ.
bool processorHasAVX512();

// Whether the engine's own loops take fused multiply-adds: it can be told to do without.
bool engineFusesMultiplyAdds();

}  // namespace spikeguard
