#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/loss/reduction.h"

namespace triad::ops {

/// weight |x - target|, reduced.
/// shapes   x, target: equal; weight: broadcastable to them, or undefined (1) → a scalar, or as x for Reduction::none
/// dtypes   x, target of one dtype f32, f64, bf16, f16; weight bool or floating; the loss is f32 (f64 for f64)
/// numerics an element of weight 0 counts for nothing: it may hold anything, NaN included. The mean divides by the sum
///          of the weights of all elements and is 0 where that is 0. The derivative is 0 where x equals the target
/// saves    x, target, weight    grads: x, target (a weight that requires a gradient is refused)
/// errors   ShapeError, DTypeError, DeviceError
Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::mean, const Tensor& weight = {});

}  // namespace triad::ops
