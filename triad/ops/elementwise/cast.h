#pragma once

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

/// x in another dtype; x itself if it already has it.
/// shapes   x: any → y: same, contiguous unless y is x
/// dtypes   any to any: floats round to nearest even, floats to integers truncate toward zero, to bool is x != 0
/// grads    x, cast back, from a floating dtype to a floating dtype; to an integral dtype the gradient ends
Tensor cast(const Tensor& x, DType dtype);

}  // namespace triad::ops
