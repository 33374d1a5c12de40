#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = x - log sum exp(x) along an axis.
/// shapes   x: [..., C, ...] → y: same; dense, with `axis` innermost in memory
/// dtypes   f32, f64, bf16, f16 (16-bit types compute in f32)
/// numerics an entry of -inf gives -inf, also where all entries are; +inf or NaN make their row NaN
/// saves    y                    grads: x
/// errors   DTypeError if x is integral, ShapeError for an axis that does not exist
Tensor log_softmax(const Tensor& x, int64_t axis = -1);

/// Kernel interface; all contiguous, the axis is the last one.
struct LogSoftmaxForward {
  const Tensor& x;
  Tensor& y;
};
struct LogSoftmaxBackward {
  const Tensor &y, &dy;
  Tensor& dx;
};
extern KernelTable<LogSoftmaxForward> log_softmax_forward;
extern KernelTable<LogSoftmaxBackward> log_softmax_backward;

}  // namespace triad::ops
