#pragma once

#include <array>
#include <initializer_list>
#include <span>

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// x with padding[i] = {before, after} elements of `value` added along axis i.
/// shapes   x: [N_0, …] → y: [before_0 + N_0 + after_0, …]
/// dtypes   any; `value` is converted to it
/// saves    nothing              grads: x: the part of dy where x lies
/// errors   ShapeError unless there is one pair for each axis, ValueError for a negative count
Tensor pad(const Tensor& x, std::span<const std::array<int64_t, 2>> padding, double value = 0);
Tensor pad(const Tensor& x, std::initializer_list<std::array<int64_t, 2>> padding, double value = 0);

}  // namespace triad::ops
