#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Normalises each group of neighbouring channels of each sample, over the channels and all visible positions:
///   y = (x - mean) * rstd * weight[c] + bias[c], rstd = 1/sqrt(variance + eps). [arXiv:1803.08494]
/// shapes   x: [B, C, ...]   weight, bias: [C] or undefined (1 and 0)   mask: [B, ...] or undefined → y: as x,
///          contiguous
/// dtypes   x, weight, bias of one dtype f32, f64, bf16, f16; mask bool, true: visible; statistics accumulate in f32
///          (f64 for f64)
/// numerics two-pass variance about a mean that the second pass corrects. Hidden positions take no part: they may hold
///          anything, NaN included, their y is 0 and they get no gradient. A group that sees nothing gives 0
/// saves    x, weight, mask, mean [B, groups] in f64, rstd [B, groups]        grads: x, weight, bias
/// errors   ShapeError, DTypeError, DeviceError; ValueError unless groups divides C, or for a negative eps
Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5, const Tensor& mask = {});

/// Kernel interface. All contiguous; x, y: [B, C, S]; mask: [B, S] in the accumulation dtype (0 or 1) or undefined.
struct GroupNormForward {
  const Tensor &x, &weight, &bias, &mask;
  double eps;
  Tensor &y, &mean, &rstd;
};
/// Undefined dweight or dbias: not wanted.
struct GroupNormBackward {
  const Tensor &x, &weight, &mask, &mean, &rstd, &dy;
  Tensor &dx, &dweight, &dbias;
};
extern KernelTable<GroupNormForward> group_norm_forward;
extern KernelTable<GroupNormBackward> group_norm_backward;

}  // namespace triad::ops
