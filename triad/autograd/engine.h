// The walk of the backward pass, for code that ends it elsewhere than at the leaves.
#pragma once

#include <span>
#include <vector>

#include "triad/core/tensor/tensor.h"

namespace triad {

/// Like backward(), but the walk ends at the tensors of `boundary`: returns what arrived at each, undefined where
/// nothing did. No history behind them is walked, no grad of a leaf changes and no hook runs.
std::vector<Tensor> gradients_at(std::span<const Tensor> boundary, std::span<const Tensor> outputs,
                                 std::span<const Tensor> cotangents);

}  // namespace triad
