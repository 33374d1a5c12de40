#pragma once

#include "triad/core/tensor/tensor.h"

namespace triad::ops {

struct Conv1dOptions {
  int64_t stride = 1;
  int64_t padding = 0;  ///< zeros added at both ends
  int64_t groups = 1;   ///< channels are cut into groups that do not see each other
};

/// y[b, o, t] = bias[o] + sum over c, k of weight[o, c, k] x[b, c, t*stride + k - padding]   (a correlation)
/// shapes   x: [B, C, L]   weight: [O, C/groups, K]   bias: [O] or undefined
///          → y: [B, O, (L + 2 padding - K) / stride + 1]
/// dtypes   all of one dtype f32, f64, bf16, f16; the 16-bit types accumulate in f32
/// saves    x, weight             grads: x, weight, bias
/// errors   ShapeError, DTypeError, DeviceError; ValueError for a stride below 1, a negative padding, groups that do
///          not divide the channels
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Conv1dOptions& options = {});

}  // namespace triad::ops
