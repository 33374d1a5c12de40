#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Scales the last axis to length 1: y = x / max(||x||, eps).
/// shapes   x: [..., C] → y: same, contiguous
/// dtypes   f32, f64, bf16, f16; the norm is taken in f32 (f64 for f64)
/// numerics the squares cannot overflow or underflow: where their sum would, the row is scaled by its largest element.
///          A row shorter than eps is divided by eps; an infinite entry gives NaN there and 0 elsewhere
/// saves    x, max(||x||, eps) [...]        grads: x
/// errors   ShapeError for a scalar, DTypeError if x is integral, ValueError for an eps that is not positive
Tensor l2_normalize(const Tensor& x, double eps = 1e-12);

/// Kernel interface; all contiguous. length: [...] in the accumulation dtype, what x is divided by.
struct L2NormalizeForward {
  const Tensor& x;
  double eps;
  Tensor &y, &length;
};
struct L2NormalizeBackward {
  const Tensor& x;
  double eps;
  const Tensor &length, &dy;
  Tensor& dx;
};
extern KernelTable<L2NormalizeForward> l2_normalize_forward;
extern KernelTable<L2NormalizeBackward> l2_normalize_backward;

}  // namespace triad::ops
