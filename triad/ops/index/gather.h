#pragma once

#include "triad/core/tensor/tensor.h"
#include "triad/ops/registry/kernel_table.h"

namespace triad::ops {

/// y[…, k, …] = x[…, index[…, k, …], …] with k at `axis`: an index of its own for every element of y.
/// shapes   x: [N_0, …], index: [K_0, …] of the same rank, K_i <= N_i beside `axis` → y: [K_0, …]
/// dtypes   x any, index i64 or i32
/// saves    index                grads: x: scatter_add of dy; elements taken several times get the sum
/// errors   ValueError naming position and value of an index outside of the axis, ShapeError, DTypeError, DeviceError
/// matches  torch.gather and, for indices that are not negative, ONNX GatherElements
Tensor gather(const Tensor& x, int64_t axis, const Tensor& index);

/// Kernel interface: y and index contiguous and of one shape, index i64 and inside of the axis; x any strides.
struct GatherForward {
  const Tensor& x;
  int axis;
  const Tensor& index;
  Tensor& y;
};
extern KernelTable<GatherForward> gather_forward;

/// ShapeError naming `op` unless `index` has the rank of x and, beside `axis`, no larger extents.
void check_index_fits(std::string_view op, const Tensor& x, int axis, const Tensor& index);

}  // namespace triad::ops
