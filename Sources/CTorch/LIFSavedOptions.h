// A LIF operator's options on their way from forward to backward.
#pragma once
#include <torch/csrc/autograd/custom_function.h>

#include "LIFOperators.h"

namespace spikeguard {

struct SavedOptions : torch::CustomClassHolder {
  LIFOptions options;
  explicit SavedOptions(const LIFOptions& o) : options(o) {}
};

inline void saveOptions(torch::autograd::AutogradContext* context, const LIFOptions& options) {
  context->saved_data["options"] =
      c10::IValue::make_capsule(c10::make_intrusive<SavedOptions>(options));
}

inline LIFOptions savedOptions(torch::autograd::AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<SavedOptions>(
             context->saved_data["options"].toCapsule())
      ->options;
}

}  // namespace spikeguard
