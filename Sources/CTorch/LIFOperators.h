// The LIF operators as the dispatcher sees them: tensors, then the options one by one. The list of
// options is written here once; everywhere else they travel as LIFOptions.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <tuple>

#include "LIFOptions.h"

namespace spikeguard {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

#define LIF_OPTIONS_SCHEMA                                                                     \
  "int steps, bool constant, float leak, float input_scale, float threshold, int reset, bool " \
  "detach_reset, "                                                                             \
  "int surrogate, float width, float scale, bool through_time, bool spiking, bool keep_membrane"

template <class Function> struct LIFOperator;

// For a function of options and tensors: its counterpart with the schema's signature, and a call
// through the dispatcher.
template <class Result, class... Tensors>
struct LIFOperator<Result(const LIFOptions&, Tensors...)> {
  template <Result (*function)(const LIFOptions&, Tensors...)> static Result entry(
      Tensors... tensors, int64_t steps, bool constant, double leak, double inputScale,
      double threshold, int64_t reset, bool detachReset, int64_t surrogate, double width,
      double scale, bool throughTime, bool spiking, bool keepMembrane) {
    LIFOptions options{steps, constant,    leak,      inputScale, threshold,
                       reset, detachReset, surrogate, width,      scale,
                       throughTime,        spiking,   keepMembrane};
    return function(options, tensors...);
  }

  using Signature = Result(
      Tensors..., int64_t, bool, double, double, double, int64_t, bool, int64_t, double, double,
      bool, bool, bool);
  c10::TypedOperatorHandle<Signature> handle;

  explicit LIFOperator(const char* name)
    : handle(c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>()) {}

  Result operator()(const LIFOptions& o, Tensors... tensors) const {
    return handle.call(
        tensors..., o.steps, o.constant, o.leak, o.inputScale, o.threshold, o.reset, o.detachReset,
        o.surrogate, o.width, o.scale, o.throughTime, o.spiking, o.keepMembrane);
  }
};

// Spikes, the final membrane (empty unless kept), the number of spikes.
using LIFForwardFunction = std::tuple<Tensor, Tensor, Tensor>(
    const LIFOptions&, const Tensor& x, const OptionalTensor& membrane);
// dL/dx from dL/ds.
using LIFBackwardFunction =
    Tensor(const LIFOptions&, const Tensor& grad, const Tensor& x, const OptionalTensor& membrane);
// The cotangents of grad and x from u, that of dL/dx.
using LIFDoubleBackwardFunction = std::tuple<Tensor, Tensor>(
    const LIFOptions&, const Tensor& u, const Tensor& grad, const Tensor& x,
    const OptionalTensor& membrane);

}  // namespace spikeguard
