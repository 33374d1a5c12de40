#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y = x, then y[…, index[…, k, …], …] += source[…, k, …] with k at `axis`.
/// shapes   x: [N_0, …], index and source: [K_0, …] of the same rank, K_i <= N_i beside `axis` → y: [N_0, …]
/// dtypes   x, source: floating, i64 or i32, both the same; index i64 or i32
/// numerics values that meet are added to x in order of k in the accumulation dtype and rounded once: the same bits on
///          any number of threads
/// saves    index                grads: x: dy; source: gather of dy
/// errors   ValueError naming position and value of an index outside of the axis, ShapeError, DTypeError, DeviceError
/// matches  torch.scatter_add and, for indices that are not negative, ONNX ScatterElements with reduction add
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);

/// Kernel interface: y[…, index[…, k, …], …] += source[…, k, …] in order of k. y has the accumulation dtype of source
/// and is not cleared; index is contiguous i64 inside of the axis; source any strides.
struct ScatterAdd {
  const Tensor& source;
  int axis;
  const Tensor& index;
  Tensor& y;
};
extern KernelTable<ScatterAdd> scatter_add_kernel;

}  // namespace triad::ops
