#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = a b, matrix by matrix over the leading axes, which broadcast.
/// shapes   a: [..., M, K]   b: [..., K, N] → y: [broadcast ..., M, N], contiguous
/// dtypes   both of one dtype f32, f64, bf16, f16; the 16-bit types accumulate in f32 and round once
/// views    operands whose rows or columns are dense (transposes, slices, heads of attention) are read where they lie;
///          others are copied
/// numerics NaN and infinities propagate as in the sum of products; K = 0 gives 0
/// saves    a, b                 grads: a, b, summed over the leading axes they were stretched along
/// errors   ShapeError, DTypeError, DeviceError
Tensor matmul(const Tensor& a, const Tensor& b);

/// Kernel interface: a [batch..., M, K] and b [batch..., K, N] with equal leading axes (stride 0 where stretched), the
/// rows or the columns of each matrix dense; y contiguous.
struct MatmulForward {
  const Tensor &a, &b;
  Tensor& y;
};
extern KernelTable<MatmulForward> matmul_forward;

}  // namespace triad::ops
