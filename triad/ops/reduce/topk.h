#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// The largest elements of a row and where they stand.
struct TopK {
  Tensor values;   ///< [..., k], falling
  Tensor indices;  ///< [..., k], i64
};

/// The k largest elements along the last axis, largest first; of equal ones, the one that stands first.
/// shapes   x: [..., N], 0 <= k <= N → values, indices: [..., k]
/// dtypes   any; NaN counts as larger than everything
/// saves    indices              grads: x: dy at the places of the values, 0 elsewhere
/// errors   ShapeError for a tensor without axes, ValueError for k outside of [0, N]
TopK topk(const Tensor& x, int64_t k);

/// Kernel interface, contiguous: x [rows, N], values and indices [rows, k].
struct TopKForward {
  const Tensor& x;
  Tensor& values;
  Tensor& indices;
};
extern KernelTable<TopKForward> topk_forward;

}  // namespace triad::ops
