#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = exp(x) / sum exp(x) along an axis, computed from differences to the largest x.
/// shapes   x: [..., C, ...] → y: same; dense, with `axis` innermost in memory
/// dtypes   f32, f64, bf16, f16 (16-bit types compute in f32)
/// numerics an entry of -inf gives 0; where all entries are -inf y is 0 (as a query of attention that sees no key) and
///          no gradient flows; +inf or NaN make their row NaN
/// saves    y                    grads: x
/// errors   DTypeError if x is integral, ShapeError for an axis that does not exist
Tensor softmax(const Tensor& x, int64_t axis = -1);

/// Kernel interface; all contiguous, the axis is the last one.
struct SoftmaxForward {
  const Tensor& x;
  Tensor& y;
};
struct SoftmaxBackward {
  const Tensor &y, &dy;
  Tensor& dx;
};
extern KernelTable<SoftmaxForward> softmax_forward;
extern KernelTable<SoftmaxBackward> softmax_backward;

}  // namespace triad::ops
