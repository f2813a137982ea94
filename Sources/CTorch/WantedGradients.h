// The gradients of an operation of x, weight and bias, of which only some are wanted: what the
// differentiable backward functions share. An autograd function returns tensors that exist, so the
// wanted ones travel in order and without gaps.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <optional>
#include <tuple>
#include <vector>

namespace spikeguard {

using OptionalTensor = std::optional<at::Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// One flag or tensor each for x, weight and bias.
using Wanted = std::array<bool, 3>;
using Gradients = std::array<at::Tensor, 3>;

inline OptionalTensor orNothing(const at::Tensor& t) {
  return t.defined() ? OptionalTensor(t) : std::nullopt;
}

inline variable_list packed(
    const Wanted& wanted, const std::tuple<at::Tensor, at::Tensor, at::Tensor>& gradients) {
  variable_list results;
  if (wanted[0]) results.push_back(std::get<0>(gradients));
  if (wanted[1]) results.push_back(std::get<1>(gradients));
  if (wanted[2]) results.push_back(std::get<2>(gradients));
  return results;
}

inline Gradients unpacked(const Wanted& wanted, const variable_list& packed) {
  Gradients result;
  auto next = packed.begin();
  for (size_t i = 0; i < result.size(); ++i)
    if (wanted[i]) result[i] = *next++;
  return result;
}

inline void saveWanted(AutogradContext* context, const Wanted& wanted) {
  context->saved_data["wanted"] = std::vector<bool>(wanted.begin(), wanted.end());
}

inline Wanted savedWanted(AutogradContext* context) {
  c10::List<bool> list = context->saved_data["wanted"].toBoolList();
  return {list[0], list[1], list[2]};
}

// Of a function of x, weight and bias: its edges are those of them that exist, in this order.
inline Wanted wantedBy(AutogradContext* context, bool hasWeight, bool hasBias) {
  size_t edge = 0;
  auto isWanted = [&](bool exists) { return exists && context->needs_input_grad(edge++); };
  bool x = isWanted(true), weight = isWanted(hasWeight), bias = isWanted(hasBias);
  return {x, weight, bias};
}

}  // namespace spikeguard
