#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Normalises the last axis: y = (x - mean) * rstd * weight + bias, rstd = 1/sqrt(variance + eps).   [arXiv:1607.06450]
/// shapes   x: [..., C]   weight, bias: [C] or undefined (1 and 0) → y: [..., C], contiguous
/// dtypes   all of one dtype f32, f64, bf16, f16; statistics accumulate in f32 (f64 for f64)
/// numerics two-pass variance about a mean that the second pass corrects, so that a large mean costs no accuracy:
///          relative error < 1e-5 up to |mean|/sigma = 2e4 in f32. A row of equal values gives the bias; NaN or inf
///          spoil their row
/// saves    x, weight, mean [...] in f64, rstd [...]        grads: x, weight, bias
/// errors   ShapeError if C differs, DTypeError if x is integral or dtypes differ, DeviceError across devices,
///          ValueError for a negative eps
Tensor layer_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {}, double eps = 1e-5);

/// Kernel interface; all contiguous. mean is f64 (an f32 mean of 1e4 would be off by more than sigma/1000), rstd of the
/// accumulation dtype.
struct LayerNormForward {
  const Tensor &x, &weight, &bias;
  double eps;
  Tensor &y, &mean, &rstd;
};
/// Undefined dx, dweight or dbias: not wanted.
struct LayerNormBackward {
  const Tensor &x, &weight, &mean, &rstd, &dy;
  Tensor &dx, &dweight, &dbias;
};
extern KernelTable<LayerNormForward> layer_norm_forward;
extern KernelTable<LayerNormBackward> layer_norm_backward;

}  // namespace triad::ops
