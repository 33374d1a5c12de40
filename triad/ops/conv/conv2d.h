#pragma once

#include <array>

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

struct Conv2dOptions {
  std::array<int64_t, 2> stride{1, 1};   ///< along height and width
  std::array<int64_t, 2> padding{0, 0};  ///< zeros added at both ends of height and width
  int64_t groups = 1;                    ///< channels are cut into groups that do not see each other
};

/// y[b, o, i, j] = bias[o] + sum over c, u, v of weight[o, c, u, v] x[b, c, i*stride0 + u - padding0, j*stride1 + v - padding1]
/// shapes   x: [B, C, H, W]   weight: [O, C/groups, U, V]   bias: [O] or undefined
///          → y: [B, O, (H + 2 padding0 - U) / stride0 + 1, (W + 2 padding1 - V) / stride1 + 1]
/// dtypes   all of one dtype f32, f64, bf16, f16; the 16-bit types accumulate in f32
/// numerics infinities and NaN reach the results whose windows hold them; in bf16 an infinity may come out as NaN
/// saves    x, weight             grads: x, weight, bias
/// errors   ShapeError, DTypeError, DeviceError; ValueError for a stride below 1, a negative padding, groups that do
///          not divide the channels
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Conv2dOptions& options = {});

/// Kernel interface; all contiguous, bias may be undefined.
struct Conv2dForward {
  const Tensor &x, &weight, &bias;
  const Conv2dOptions& options;
  Tensor& y;
};
/// dx, dweight: only those that are defined are computed.
struct Conv2dBackward {
  const Tensor &x, &weight, &dy;
  const Conv2dOptions& options;
  Tensor &dx, &dweight;
};
extern KernelTable<Conv2dForward> conv2d_forward;
extern KernelTable<Conv2dBackward> conv2d_backward;

}  // namespace triad::ops
