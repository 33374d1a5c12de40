#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/loss/reduction.h"

namespace triad::ops {

/// Binary cross-entropy of sigmoid(x): weight (max(x, 0) - x target + log(1 + exp(-|x|))), reduced.
/// shapes   logits, targets: equal; weight: broadcastable to them, or undefined (1) → a scalar, or as logits for
///          Reduction::none
/// dtypes   logits, targets of one dtype f32, f64, bf16, f16; weight bool or floating; the loss is f32 (f64 for f64)
/// numerics no overflow for any finite x. An element of weight 0 counts for nothing: it may hold anything, NaN
///          included. The mean divides by the sum of the weights of all elements and is 0 where that is 0
/// saves    logits, targets, weight    grads: logits, targets (a weight that requires a gradient is refused)
/// errors   ShapeError, DTypeError, DeviceError
Tensor bce_with_logits(const Tensor& logits, const Tensor& targets, Reduction reduction = Reduction::mean,
                       const Tensor& weight = {});

}  // namespace triad::ops
