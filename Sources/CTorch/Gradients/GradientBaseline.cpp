// GradientKernels with vectors of 4 floats, which every processor has.
#include "GradientKernels.h"
#include "GradientLoops.h"

namespace spikeguard {

const GradientKernels& gradientBaseline() { return GradientLoops<4>::kernels; }

}  // namespace spikeguard
