#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// Slices of x along `axis`, in the order of `indices`; an index may stand several times.
/// shapes   x: [O…, N, I…] with N at `axis`, indices: [K…] → y: [O…, K…, I…]
/// dtypes   x any, indices i64 or i32
/// saves    indices              grads: x; rows that were chosen several times get the sum, added in order of `indices`
/// errors   ValueError naming position and value of an index outside of [0, N), ShapeError, DTypeError, DeviceError
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& indices);

/// Rows of a table: index_select along axis 0.
/// shapes   weight: [V, D], ids: [K…] → y: [K…, D]
/// errors   as index_select, and ShapeError unless weight has two axes
Tensor embedding(const Tensor& weight, const Tensor& ids);

/// Kernel interface, all contiguous: x [outer, N, inner], indices [K] i64 within [0, N), y [outer, K, inner].
struct IndexSelectForward {
  const Tensor& x;
  const Tensor& indices;
  Tensor& y;
};
/// dx[o, indices[k], i] += dy[o, k, i], in order of k; dx is not cleared and has the accumulation dtype of dy.
struct IndexAdd {
  const Tensor& dy;
  const Tensor& indices;
  Tensor& dx;
};
extern KernelTable<IndexSelectForward> index_select_forward;
extern KernelTable<IndexAdd> index_add;

/// `indices` as contiguous i64, each in [0, n): ValueError naming `op`, position and value otherwise.
Tensor checked_indices(std::string_view op, const Tensor& indices, int64_t n);

}  // namespace triad::ops
