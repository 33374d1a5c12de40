#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = x sigmoid(x), also called swish.                                                              [arXiv:1606.08415]
/// shapes   x: any → y: same, contiguous
/// dtypes   f32, f64, bf16, f16 (16-bit types compute in f32)
/// numerics relative error < 1e-6 in f32; -inf gives NaN (-inf times 0), as in the definition
/// saves    x                    grads: x
/// errors   DTypeError for other dtypes
Tensor silu(const Tensor& x);

/// Kernel interface; all contiguous.
struct SiluForward {
  const Tensor& x;
  Tensor& y;
};
struct SiluBackward {
  const Tensor &x, &dy;
  Tensor& dx;
};
extern KernelTable<SiluForward> silu_forward;
extern KernelTable<SiluBackward> silu_backward;

}  // namespace triad::ops
